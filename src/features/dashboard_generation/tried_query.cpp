#include "features/dashboard_generation/tried_query.h"

#include "features/dashboard_compiler/newest_day.h"
#include "features/dashboard_documents/document.h"

namespace bridge {

namespace {

constexpr std::string_view kQueryId = "dry_run";

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

Result<ScannedSql> scan(const std::string& sql, const std::vector<DocumentParameter>& params, const SqlDialect& dialect) {
  ScannedSql scanned = scan_sql(sql, dialect.lexical_rules());
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

}  // namespace

Position place_of(std::string_view text, std::size_t offset) {
  Position at{1, 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') at = {at.line + 1, 1};
    else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++at.column;
  }
  return at;
}

Result<TriedQuery> bind_with_defaults(const GenerationToolParts& parts, const ToolContext& context, const std::string& sql,
                                      const json::object& params_block) {
  if (trim(sql).empty()) return fail(sql_error({{.path = "sql", .code = "sql_invalid", .message = "There is no SQL"}}));
  const std::vector<DocumentParameter> params = TRY(read_params(params_block));
  const std::shared_ptr<Warehouse> warehouse = TRY(parts.catalog.open_warehouse(context.call, context.connection_id));
  const ScannedSql scanned = TRY(scan(sql, params, warehouse->dialect()));
  NewestDays newest;
  for (const std::string& parameter : parameters_of_data(params, ViewType::analytical, {})) {
    const auto queries = bind_newest_day({&scanned}, params, parameter, warehouse->dialect());
    if (!queries) continue;  // this SQL does not filter by it
    if (const auto day = TRY(ask_newest_day(context.call, *warehouse, *queries, parts.cap_bytes))) newest[parameter] = *day;
  }
  const ParameterValues values = TRY(read_parameter_values(params, ViewType::analytical, {}, day_of(parts.clock.now()), newest));
  BoundSql bound = TRY(bind_sql(scanned, params, values, warehouse->dialect()));
  return TriedQuery{.warehouse = warehouse, .bound = std::move(bound)};
}

}  // namespace bridge
