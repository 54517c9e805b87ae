#include "features/dashboard_compiler/limits.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"
#include "features/dashboard_generation/list_all_tables.h"
#include "features/dashboard_generation/tried_query.h"
#include "features/query_execution/query_execution.h"

namespace bridge {

namespace {

constexpr std::size_t kTablesSearchedMax = 5'000;

struct Arguments {
  std::string sql;
  std::optional<std::int64_t> max_bytes_billed;
  std::optional<json::object> params;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (sql, max_bytes_billed, params))

struct Answer {
  bool valid = true;
  std::int64_t bytes_scanned = 0;
  ScanAccuracy bytes_accuracy = ScanAccuracy::estimate;
  std::int64_t cap_bytes = 0;
  double estimated_cost = 0;  // dollars
  double estimated_cost_usd = 0;
  std::vector<ColumnName> schema;  // of the answer
  std::vector<ColumnName> columns;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (valid, bytes_scanned, bytes_accuracy, cap_bytes, estimated_cost, estimated_cost_usd, schema, columns))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({
    {.name = "sql", .about = "one SELECT, exactly as it will stand in the document", .length_max = compiler_limits::kSqlBytesMax},
    {.name = "max_bytes_billed",
     .about = "refuse it from this many bytes on; it can lower the server's cap and never raise it",
     .minimum = 1},
    {.name = "params", .about = "the document's params block, if the SQL uses parameters; their defaults are bound"},
});

namespace {

// Engines speak of places in the bound SQL; the model looks at its own.
Error in_own_words(Error error, const BoundSql& bound, const std::string& sql) {
  for (Violation& violation : error.violations) {
    violation.path = "sql";
    if (violation.line < 1) continue;
    const Position at = place_of(sql, bound.source_offset(violation.line, std::max(violation.column, 1)));
    violation.line = at.line;
    violation.column = at.column;
  }
  return error;
}

class RunDryRunQueryTool final : public ToolDefinition {
 public:
  explicit RunDryRunQueryTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "run_dry_run_query"; }
  std::string description() const override {
    return "Checks a SELECT and says what it would scan, without running it. Every SQL text of a document must have passed, exactly as it "
           "stands there; only queries with `from` need "
           "none.";
  }
  json::object parameters() const override { return json_schema<Arguments>(); }
  std::string title(const json::object&) const override { return "Trying a query without running it"; }
  Role required_role() const override { return Role::viewer; }
  std::string summarise(const json::object& answer) const override {
    return str("scans ", format_bytes(static_cast<std::uint64_t>(answer.at("bytes_scanned").as_int64())), " of ",
               format_bytes(static_cast<std::uint64_t>(answer.at("cap_bytes").as_int64())), ", ", answer.at("columns").as_array().size(),
               answer.at("columns").as_array().size() == 1 ? " column" : " columns");
  }

  Result<json::object> execute(const ToolContext& context, const json::object& arguments) override {
    const Arguments input = TRY(from_json<Arguments>(arguments));
    const std::uint64_t cap_bytes =
        std::min(parts_.cap_bytes, static_cast<std::uint64_t>(input.max_bytes_billed.value_or(std::numeric_limits<std::int64_t>::max())));
    const TriedQuery query = TRY(bind_with_defaults(parts_, context, input.sql, input.params.value_or(json::object{})));
    auto dry_run = query.warehouse->dry_run(context.call, query.bound.query);
    if (!dry_run) return fail(in_own_words(std::move(dry_run).error(), query.bound, input.sql));
    if (const Result<> within = check_byte_cap(dry_run->bytes_scanned, cap_bytes); !within)
      return refuse(context, *dry_run, cap_bytes, within.error());
    TRY(parts_.ledger.approve_sql(context.session_id, context.connection_id, input.sql, dry_run->bytes_scanned));
    return accept(*dry_run, cap_bytes);
  }

 private:
  static json::object accept(const DryRun& dry_run, std::uint64_t cap_bytes) {
    json::object answer = to_json(Answer{.bytes_scanned = static_cast<std::int64_t>(dry_run.bytes_scanned),
                                         .bytes_accuracy = dry_run.accuracy,
                                         .cap_bytes = static_cast<std::int64_t>(cap_bytes),
                                         .estimated_cost = dry_run.estimated_cost_usd,
                                         .estimated_cost_usd = dry_run.estimated_cost_usd,
                                         .schema = dry_run.columns,
                                         .columns = dry_run.columns})
                              .as_object();
    if (const std::string advice = partition_advice(dry_run.bytes_scanned); !advice.empty()) answer["advice"] = advice;
    return answer;
  }

  // The estimate, the cap, and what would help.
  json::object refuse(const ToolContext& context, const DryRun& dry_run, std::uint64_t cap_bytes, const Error& error) const {
    json::object refusal{{"code", error.reason},
                         {"message", error.message},
                         {"bytes_scanned", dry_run.bytes_scanned},
                         {"bytes_accuracy", enum_name(dry_run.accuracy)},
                         {"cap_bytes", cap_bytes}};
    refusal["help"] = help_for(context, dry_run);
    if (const std::string advice = partition_advice(dry_run.bytes_scanned); !advice.empty()) refusal["advice"] = advice;
    return {{"error", std::move(refusal)}};
  }

  std::string help_for(const ToolContext& context, const DryRun& dry_run) const {
    std::string help;
    const auto tables = list_all_tables(context.call, parts_.catalog, context.connection_id, kTablesSearchedMax);
    for (const TableInfo& table : tables.value_or(std::vector<TableInfo>{})) {
      const std::vector<std::string>& read = dry_run.tables;
      if (std::find(read.begin(), read.end(), table.sql_name) == read.end() &&
          std::find(read.begin(), read.end(), str(table.dataset, ".", table.name)) == read.end())
        continue;
      help += help_for(table);
    }
    return help +
           "Choose a shorter default range of days, or a smaller summary table where there is one. LIMIT does not make a scan smaller.";
  }

  static std::string help_for(const TableInfo& table) {
    std::vector<std::string> partitioning;
    for (const ColumnInfo& column : table.columns) {
      if (column.partitioning) partitioning.push_back(column.name);
    }
    std::string help;
    if (!partitioning.empty())
      help +=
          str(table.sql_name, " is partitioned by ", join(partitioning, ", "), ": filter on it with plain bounds, no function around it. ");
    return help + str(table.sql_name, " has ", table.columns.size(), " columns and ",
                      format_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(table.size_bytes, 0))),
                      ": name only the columns you need, and count(*) instead of count(column). ");
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_run_dry_run_query_tool(const GenerationToolParts& parts) {
  return std::make_shared<RunDryRunQueryTool>(parts);
}

}  // namespace bridge
