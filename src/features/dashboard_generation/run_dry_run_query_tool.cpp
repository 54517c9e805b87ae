#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"
#include "features/dashboard_generation/list_all_tables.h"
#include "features/dashboards/compiler/newest_day.h"
#include "features/dashboards/compiler/parameters.h"
#include "features/dashboards/document.h"
#include "features/dashboards/limits.h"
#include "features/query_execution/query_execution.h"

namespace bridge {

namespace {

constexpr std::size_t kTablesSearchedMax = 5'000;
constexpr std::string_view kQueryId = "dry_run";

struct Arguments {
  std::string sql;
  std::optional<std::int64_t> max_bytes_billed;
  std::optional<json::object> params;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (sql, max_bytes_billed, params))

struct Answer {
  bool valid = true;
  std::int64_t bytes_scanned = 0;
  std::int64_t cap_bytes = 0;
  double estimated_cost = 0;  // dollars
  double estimated_cost_usd = 0;
  std::vector<ColumnName> schema;  // of the answer
  std::vector<ColumnName> columns;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (valid, bytes_scanned, cap_bytes, estimated_cost, estimated_cost_usd, schema, columns))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({
    {.name = "sql", .about = "one SELECT, exactly as it will stand in the document", .length_max = dashboard_limits::kSqlBytesMax},
    {.name = "max_bytes_billed",
     .about = "refuse it from this many bytes on; it can lower the server's cap and never raise it",
     .minimum = 1},
    {.name = "params", .about = "the document's params block, if the SQL uses parameters; their defaults are bound"},
});

namespace {

// Line and column (from 1, in characters) of an offset.
Position place_of(std::string_view text, std::size_t offset) {
  Position at{1, 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') at = {at.line + 1, 1};
    else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++at.column;
  }
  return at;
}

// The params block as the document's own reader sees it: in a document that holds nothing else. JSON is YAML.
Result<std::vector<DocumentParameter>> read_params(const json::object& params) {
  json::object usable = params;
  for (auto& [name, parameter] : usable) {
    // The query that the values come from is not at hand, and for a default it is not needed.
    if (json::object* fields = parameter.if_object(); fields && fields->contains("values_from"))
      (*fields)["values_from"] = str(kQueryId, ".value");
  }
  const std::string document = str("bridge: 1\ntitle: dry run\nconnection: dry-run\nparams: ", json::serialize(usable), "\nqueries: {",
                                   kQueryId, ": {sql: SELECT 1}}\ncharts: {dry_run: {query: ", kQueryId, ", mark: table}}\n");
  auto parsed = parse_document(document);
  if (parsed) return std::move(parsed->params);
  for (Violation& violation : parsed.error().violations) violation.line = violation.column = 0;  // places in a text that nobody has seen
  return fail(std::move(parsed).error());
}

Error sql_error(std::vector<Violation> violations) {
  return {.code = ErrorCode::invalid_argument,
          .message = violations.front().message,
          .reason = violations.front().code,
          .violations = std::move(violations)};
}

Result<ScannedSql> scan(const std::string& sql, const std::vector<DocumentParameter>& params) {
  ScannedSql scanned = scan_sql(sql);
  std::vector<Violation> violations;
  for (const SqlProblem& problem : scanned.problems) {
    const Position at = place_of(sql, problem.offset);
    violations.push_back(
        {.path = "sql", .line = at.line, .column = at.column, .code = problem.code, .message = problem.message, .got = problem.got});
  }
  for (const ParameterUse& use : parameter_uses(scanned)) {
    std::vector<std::string> names;
    for (const DocumentParameter& parameter : params) names.push_back(parameter.name);
    if (std::find(names.begin(), names.end(), use.name) != names.end()) continue;
    const Position at = place_of(sql, use.offset);
    Violation violation{
        .path = "sql", .line = at.line, .column = at.column, .code = "unknown_parameter", .got = use.name, .allowed = names};
    violation.message = str("there is no parameter '", use.name, "': give the document's params block as `params`");
    if (const auto near = nearest_name(use.name, names)) violation.suggestion = *near;
    violations.push_back(std::move(violation));
  }
  if (!violations.empty()) return fail(sql_error(std::move(violations)));
  return scanned;
}

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
    if (trim(input.sql).empty()) return fail(sql_error({{.path = "sql", .code = "sql_invalid", .message = "There is no SQL"}}));
    const std::vector<DocumentParameter> params = TRY(read_params(input.params.value_or(json::object{})));
    const ScannedSql scanned = TRY(scan(input.sql, params));
    const std::shared_ptr<Warehouse> warehouse = TRY(parts_.catalog.open_warehouse(context.call, context.connection_id));
    NewestDays newest;
    for (const std::string& parameter : parameters_of_data(params, ViewType::analytical, {})) {
      const auto queries = bind_newest_day({&scanned}, params, parameter, warehouse->dialect());
      if (!queries) continue;  // this SQL does not filter by it
      if (const auto day = TRY(ask_newest_day(context.call, *warehouse, *queries, parts_.cap_bytes))) newest[parameter] = *day;
    }
    const ParameterValues values = TRY(read_parameter_values(params, ViewType::analytical, {}, day_of(parts_.clock.now()), newest));
    const BoundSql bound = TRY(bind_sql(scanned, params, values, warehouse->dialect()));
    auto dry_run = warehouse->dry_run(context.call, bound.query);
    if (!dry_run) return fail(in_own_words(std::move(dry_run).error(), bound, input.sql));
    if (const Result<> within = check_byte_cap(dry_run->bytes_scanned, cap_bytes); !within)
      return refuse(context, *dry_run, cap_bytes, within.error());
    TRY(parts_.ledger.approve_sql(context.session_id, context.connection_id, input.sql, dry_run->bytes_scanned));
    return accept(*dry_run, cap_bytes);
  }

 private:
  static json::object accept(const DryRun& dry_run, std::uint64_t cap_bytes) {
    json::object answer = to_json(Answer{.bytes_scanned = static_cast<std::int64_t>(dry_run.bytes_scanned),
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
    json::object refusal{
        {"code", error.reason}, {"message", error.message}, {"bytes_scanned", dry_run.bytes_scanned}, {"cap_bytes", cap_bytes}};
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
