#include "ai_sdk/core/cut_text.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

struct Arguments {
  std::string table;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (table))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({{.name = "table",
                                                                          .about = "a sql_name that list_tables gave, or dataset.table"}});

namespace {

void cut(std::string& text, std::size_t bytes_max) { text = cut_text(text, bytes_max); }

void cut(SchemaColumn& column) {
  cut(column.description, generation_limits::kDescriptionBytesMax);
  SchemaStatistics& statistics = column.statistics;
  if (statistics.min) cut(*statistics.min, generation_limits::kValueBytesMax);
  if (statistics.max) cut(*statistics.max, generation_limits::kValueBytesMax);
  if (statistics.top_values.size() > generation_limits::kTopValuesMax) statistics.top_values.resize(generation_limits::kTopValuesMax);
  for (ValueCount& value : statistics.top_values) cut(value.value, generation_limits::kValueBytesMax);
}

// Wide tables lose samples first, the rarest values first of all, and then their last columns: a cut-off JSON would help nobody.
void fit(TableSchema& answer) {
  cut(answer.description, generation_limits::kDescriptionBytesMax);
  if (answer.columns.size() > generation_limits::kColumnsMax) answer.columns.resize(generation_limits::kColumnsMax);
  for (SchemaColumn& column : answer.columns) cut(column);
  for (const std::size_t values_max : {10, 5, 2, 0}) {
    if (to_json_text(answer).size() <= generation_limits::kSchemaBytesMax) return;
    for (SchemaColumn& column : answer.columns) {
      if (column.statistics.top_values.size() > values_max) column.statistics.top_values.resize(values_max);
    }
  }
  while (answer.columns.size() > 1 && to_json_text(answer).size() > generation_limits::kSchemaBytesMax)
    answer.columns.resize(answer.columns.size() * 3 / 4);
}

class GetTableSchemaTool final : public TypedTool<Arguments, TableSchema> {
 public:
  explicit GetTableSchemaTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "get_table_schema"; }
  std::string description() const override {
    return "Columns of a table: types, share of nulls, distinct values, range, average, commonest values. Read it before writing SQL about "
           "the table.";
  }
  Role required_role() const override { return Role::viewer; }
  bool cacheable() const override { return true; }
  std::string summarise(const json::object& answer) const override {
    return str(std::string_view(answer.at("table").as_string()), ": ", answer.at("columns").as_array().size(), " columns, ",
               format_count(static_cast<std::uint64_t>(answer.at("row_count").as_int64())), " rows");
  }

 private:
  Result<TableSchema> run(const ToolContext& context, const Arguments& arguments) override {
    TableSchema schema = TRY(parts_.catalog.get_table(context.call, context.connection_id, arguments.table));
    fit(schema);
    return schema;
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_get_table_schema_tool(const GenerationToolParts& parts) {
  return std::make_shared<GetTableSchemaTool>(parts);
}

}  // namespace bridge
