#include "features/dashboard_generation/small_answer.h"

#include "features/dashboard_documents/document_json.h"
#include "features/dashboard_generation/document_rules.h"
#include "features/dashboard_generation/limits.h"
#include "features/dashboard_validation/validation.h"

namespace bridge {

namespace {

constexpr std::string_view kId = "answer";
constexpr std::string_view kSlug = "adhoc";

// What the data endpoints send, as far as it is needed here.
struct EncodedRows {
  std::vector<ColumnName> columns;
  json::array rows;
};

// Places in a document that nobody has seen help nobody; "queries.answer.sql" is the model's `sql`.
Error in_terms_of_arguments(Error error) {
  for (Violation& violation : error.violations) {
    for (const std::string_view prefix : {"queries.answer.", "charts.answer."}) {
      if (violation.path.starts_with(prefix)) violation.path.erase(0, prefix.size());
    }
    if (violation.path != "sql") violation.line = violation.column = 0;
  }
  if (!error.violations.empty()) {
    error.message = error.violations.front().message;
    if (error.violations.size() > 1) error.message += str(" (and ", error.violations.size() - 1, " more)");
  }
  return error;
}

Result<EncodedRows> read_rows(std::string_view data) {
  json::value value = TRY(parse_json(data, {.bytes_max = 64 << 20}));
  EncodedRows out;
  for (const json::value& column : value.as_object().at("columns").as_array()) out.columns.push_back(TRY(from_json<ColumnName>(column)));
  out.rows = std::move(value.as_object().at("rows").as_array());
  return out;
}

// As many rows as fit, from the first on.
bool cut_to_fit(json::array& rows) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bytes += json::serialize(rows[i]).size() + 1;
    if (i < generation_limits::kRowsShownMax && bytes <= generation_limits::kRowBytesShownMax) continue;
    rows.resize(i);
    return true;
  }
  return false;
}

Result<> check_rules(const DashboardDocument& document) {
  std::vector<Violation> violations = find_colour_without_meaning(document);
  std::ranges::move(find_links(document), std::back_inserter(violations));
  if (violations.empty()) return {};
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = violations.front().message,
                    .reason = violations.front().code,
                    .violations = std::move(violations)});
}

Result<Validation> validate(const GenerationToolParts& parts, const ToolContext& context, const std::string& text,
                            const GenerationConnection& connection) {
  Validation validation = validate_document(
      text, {.connections = std::vector<std::string>{connection.name}, .dialect_of = [&](std::string_view) { return connection.dialect; }});
  if (validation.report.errors.empty()) {
    TRY(check_rules(*validation.document));
    const std::shared_ptr<Warehouse> warehouse = TRY(parts.catalog.open_warehouse(context.call, context.connection_id));
    const DryRunTarget target{
        .warehouse = *warehouse, .local = parts.local, .limits = {.bytes_max = parts.cap_bytes}, .today = day_of(parts.clock.now())};
    TRY(validate_by_dry_run(context.call, target, validation));
  }
  if (!validation.report.errors.empty()) return fail(validation_error(validation.report));
  return validation;
}

}  // namespace

Result<SmallAnswer> answer_with_chart(const GenerationToolParts& parts, const ToolContext& context, const std::string& sql,
                                      const json::object& params, json::object chart) {
  const GenerationConnection connection = TRY(parts.catalog.get_connection(context.call, context.connection_id));
  chart["query"] = kId;
  // JSON is YAML, but for the document's own level, which is a key a line.
  std::string document = str("bridge: 1\ntitle: An answer\nconnection: ", json::serialize(json::string(connection.name)), "\n");
  document += str("policy: {max_rows: ", generation_limits::kRowsShownMax, "}\n");
  if (!params.empty()) document += str("params: ", json::serialize(params), "\n");
  document += str("queries: ", json::serialize(json::object{{kId, json::object{{"sql", sql}}}}), "\n");
  document += str("charts: ", json::serialize(json::object{{kId, std::move(chart)}}), "\ntheme: mono\n");
  auto validation = validate(parts, context, document, connection);
  if (!validation) return fail(in_terms_of_arguments(std::move(validation).error()));
  TRY(parts.ledger.approve_sql(context.session_id, context.connection_id, sql, validation->bytes_scanned));
  const Plan plan = TRY(compile_dashboard(*validation->document, connection.dialect));
  const auto outcomes =
      TRY(parts.data->run_plan(context.call, plan, {.slug = std::string(kSlug), .parameters = {}, .only = {std::string(kId)}}));
  if (outcomes.empty()) return fail(ErrorCode::internal, "The query has no answer");
  const QueryAnswer answer = TRY(Result<QueryAnswer>(outcomes.front().answer));
  EncodedRows rows = TRY(read_rows(*answer.data));
  SmallAnswer out{.columns = std::move(rows.columns),
                  .row_count = static_cast<std::int64_t>(answer.row_count),
                  .bytes_scanned = static_cast<std::int64_t>(answer.bytes_scanned)};
  out.truncated = cut_to_fit(rows.rows) || answer.truncated;
  out.rows = std::move(rows.rows);
  const json::object shown = make_document_json(*validation->document, kSlug);
  out.chart = shown.at("charts").as_object().at(kId).as_object();
  return out;
}

}  // namespace bridge
