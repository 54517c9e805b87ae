#include "ai_sdk/core/cut_text.h"
#include "base/log.h"
#include "features/dashboard_generation/find_table.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

struct Arguments {
  std::string table;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (table))

struct ShownStatistics {
  std::optional<std::int64_t> distinct_count;
  std::optional<double> null_fraction;
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<double> average;
  std::vector<ValueCount> top_values;
  bool exact = false;
};
BOOST_DESCRIBE_STRUCT(ShownStatistics, (), (distinct_count, null_fraction, min, max, average, top_values, exact))

struct ShownColumn {
  std::string name;
  ColumnType type = ColumnType::text;
  bool nullable = true;
  std::string description;
  bool partitioning = false;
  ShownStatistics statistics;
};
BOOST_DESCRIBE_STRUCT(ShownColumn, (), (name, type, nullable, description, partitioning, statistics))

struct Answer {
  std::string table;
  std::string sql_name;
  std::string dataset;
  std::int64_t row_count = 0;
  std::int64_t size_bytes = 0;
  std::string dialect;
  std::vector<ShownColumn> columns;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (table, sql_name, dataset, row_count, size_bytes, dialect, columns))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({{.name = "table", .about = "a sql_name that list_tables gave, or dataset.table"}});

namespace {

std::optional<std::string> cut_value(const std::optional<std::string>& value) {
  if (!value) return {};
  return std::string(cut_text(*value, generation_limits::kValueBytesMax));
}

ShownStatistics show(const ColumnStatistics& statistics) {
  ShownStatistics shown{.distinct_count = statistics.distinct_count,
                        .null_fraction = statistics.null_fraction,
                        .min = cut_value(statistics.min),
                        .max = cut_value(statistics.max),
                        .average = statistics.average,
                        .exact = statistics.exact};
  for (const ValueCount& value : statistics.top_values) {
    if (shown.top_values.size() >= generation_limits::kTopValuesMax) break;
    shown.top_values.push_back({.value = std::string(cut_text(value.value, generation_limits::kValueBytesMax)), .count = value.count});
  }
  return shown;
}

// Wide tables lose samples first, the rarest values first of all, and then their last columns: a cut-off JSON would help nobody.
void fit(Answer& answer) {
  for (const std::size_t values_max : {10, 5, 2, 0}) {
    if (to_json_text(answer).size() <= generation_limits::kSchemaBytesMax) return;
    for (ShownColumn& column : answer.columns) {
      if (column.statistics.top_values.size() > values_max) column.statistics.top_values.resize(values_max);
    }
  }
  while (answer.columns.size() > 1 && to_json_text(answer).size() > generation_limits::kSchemaBytesMax) answer.columns.resize(answer.columns.size() * 3 / 4);
}

class GetTableSchemaTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit GetTableSchemaTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "get_table_schema"; }
  std::string description() const override {
    return "Columns of a table: types, share of nulls, distinct values, range, average, commonest values. Read it before writing SQL about the table.";
  }
  Role required_role() const override { return Role::viewer; }
  std::string summarise(const json::object& answer) const override {
    return str(std::string_view(answer.at("table").as_string()), ": ", answer.at("columns").as_array().size(), " columns, ",
               format_count(static_cast<std::uint64_t>(answer.at("row_count").as_int64())), " rows");
  }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments& arguments) override {
    const TableInfo table = TRY(find_table(context.call, parts_.catalog, context.connection_id, arguments.table));
    const std::shared_ptr<Warehouse> warehouse = TRY(parts_.catalog.open_warehouse(context.call, context.connection_id));
    const std::vector<ColumnStatistics> statistics = TRY(statistics_of(context, table));
    Answer answer{.table = table.name,
                  .sql_name = table.sql_name,
                  .dataset = table.dataset,
                  .row_count = table.row_count,
                  .size_bytes = table.size_bytes,
                  .dialect = warehouse->dialect().name};
    for (const ColumnInfo& column : table.columns) {
      if (answer.columns.size() >= generation_limits::kColumnsMax) break;
      ShownColumn shown{.name = column.name, .type = column.type, .nullable = column.nullable, .partitioning = column.partitioning};
      shown.description = cut_text(column.description, generation_limits::kDescriptionBytesMax);
      const auto found = std::find_if(statistics.begin(), statistics.end(), [&](const ColumnStatistics& known) { return known.column == column.name; });
      if (found != statistics.end()) shown.statistics = show(*found);
      answer.columns.push_back(std::move(shown));
    }
    fit(answer);
    return answer;
  }

  // A schema without statistics is better than none.
  Result<std::vector<ColumnStatistics>> statistics_of(const ToolContext& context, const TableInfo& table) {
    auto statistics = parts_.catalog.column_statistics(context.call, context.connection_id, table);
    TRY(context.call.check());
    if (statistics) return statistics;
    log_warning("column_statistics_failed", {{"table", table.sql_name}, {"error", describe_error(statistics.error())}});
    return std::vector<ColumnStatistics>{};
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_get_table_schema_tool(const GenerationToolParts& parts) { return std::make_shared<GetTableSchemaTool>(parts); }

}  // namespace bridge
