#include "features/dashboards/dashboard_endpoints.h"

#include <charconv>

#include "base/bad_field.h"
#include "base/text.h"
#include "features/dashboard_documents/schema.h"
#include "features/dashboards/limits.h"
#include "features/teams/page.h"

namespace bridge {

// A document in JSON, for clients that cannot send YAML as it is.
struct DashboardBody {
  std::string yaml;
  std::optional<std::string> slug;
  std::optional<int> version;  // that is to be replaced
};
BOOST_DESCRIBE_STRUCT(DashboardBody, (), (yaml, slug, version))

template <>
inline constexpr auto field_notes<DashboardBody> =
    std::to_array<FieldNote>({{.name = "yaml", .about = "The document", .length_max = 1 << 20},
                              {.name = "slug", .about = "Name in the URL"},
                              {.name = "version", .about = "The version that this replaces"}});

struct RestoreBody {
  int version = 0;
};
BOOST_DESCRIBE_STRUCT(RestoreBody, (), (version))

template <>
inline constexpr auto field_notes<RestoreBody> =
    std::to_array<FieldNote>({{.name = "version", .about = "An earlier version, see history", .minimum = 1, .maximum = 1e9}});

struct DashboardHistory {
  std::vector<DashboardVersion> items;
};
BOOST_DESCRIBE_STRUCT(DashboardHistory, (), (items))

namespace {

constexpr std::size_t kBodyBytesMax = 2 << 20;  // a document as JSON, every character escaped
constexpr int kHistoryPageDefault = 20;

std::unexpected<Error> bad_parameter(std::string name, std::string message, std::string got) {
  return bad_value({.path = std::move(name), .code = "bad_value", .message = std::move(message), .got = got.substr(0, 100)});
}

Result<std::optional<int>> integer_parameter(const Request& request, const std::string& name, int least, int most) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<int>();
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < least || value > most) {
    return bad_parameter(name, str("must be a whole number from ", least, " to ", most), *text);
  }
  return std::optional(value);
}

Result<bool> flag_parameter(const Request& request, const std::string& name, bool otherwise) {
  if (!request.query_value(name)) return otherwise;
  const std::string text = *request.query_value(name);
  if (text == "true" || text == "1" || text.empty()) return true;
  if (text == "false" || text == "0") return false;
  return bad_parameter(name, "must be true or false", text);
}

// The document of a body: YAML as it is, or in JSON.
Result<DashboardBody> read_body(const Request& request) {
  const std::string type = lower(trim(split(request.header("content-type").value_or(""), ';').front()));
  if (type == "application/json") return request.json_body<DashboardBody>();
  if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml" || type == "text/x-yaml") {
    DashboardBody body{.yaml = request.body, .slug = request.query_value("slug")};
    body.version = TRY(integer_parameter(request, "version", 1, 1'000'000'000));
    return body;
  }
  return fail(ErrorCode::invalid_argument, "unsupported_content_type",
              "Send the document with Content-Type application/yaml, or as {\"yaml\": …} with application/json");
}

// `"3"` or `W/"3"`, without the quotes.
std::string plain_etag(std::string_view text) {
  text = trim(text);
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

Precondition read_precondition(const Request& request, std::optional<int> version = std::nullopt) {
  Precondition precondition{.version = version};
  if (const auto match = request.header("if-match")) precondition.etag = plain_etag(*match);
  return precondition;
}

// 304 when the client has it already.
Response with_etag(const Request& request, const std::string& etag, Response response) {
  const auto known = split(request.header("if-none-match").value_or(""), ',');
  if (std::ranges::any_of(known, [&](const std::string& one) { return plain_etag(one) == etag || trim(one) == "*"; })) {
    response = Response{.status = 304};
  }
  response.headers.emplace_back("etag", str('"', etag, '"'));
  response.headers.emplace_back("cache-control", "private, no-cache");
  return response;
}

Response saved(const DashboardMetadata& metadata, int status) {
  Response response = json_response(to_json(metadata), status);
  response.headers.emplace_back("etag", str('"', metadata.version, '"'));
  if (status == 201) response.headers.emplace_back("location", "/v1/dashboards/" + metadata.slug);
  return response;
}

Result<Response> create_dashboard(DashboardService& service, const Request& request) {
  DashboardBody body = TRY(read_body(request));
  const bool dry_run = TRY(flag_parameter(request, "dry_run", true));
  return saved(TRY(service.create(request.context, {.yaml = std::move(body.yaml), .slug = std::move(body.slug), .dry_run = dry_run})), 201);
}

Result<Response> list_of(DashboardService& service, const Request& request, const CallContext& context) {
  const Page page = TRY(read_page(request));
  ListDashboards input{.limit = page.limit, .cursor = page.after, .owner = request.query_value("owner"), .query = request.query_value("q")};
  if (const auto view_type = request.query_value("view_type")) {
    input.view_type = enum_value<ViewType>(*view_type);
    if (!input.view_type) return bad_parameter("view_type", "must be one of " + join(enum_names<ViewType>(), ", "), *view_type);
  }
  if (const auto sort = request.query_value("sort")) input.sort = *sort;
  return ok(TRY(service.list(context, input)));
}

Result<Response> list_dashboards(DashboardService& service, const Request& request) { return list_of(service, request, request.context); }

Result<Response> list_team_dashboards(DashboardService& service, const Request& request) {
  CallContext context = request.context;
  const TeamId team(request.path_value("team_id"));
  if (!is_uuid(team.value()) || (context.caller.team_id != team && !context.caller.is_operator))
    return fail(ErrorCode::not_found, "There is no such team");
  context.caller.team_id = team;
  return list_of(service, request, context);
}

Result<Response> get_dashboard(DashboardService& service, const Request& request) {
  return ok(TRY(service.get(request.context, request.path_value("slug"))));
}

Result<Response> get_yaml(DashboardService& service, const Request& request) {
  DashboardText text = TRY(service.get_text(request.context, request.path_value("slug")));
  return with_etag(request, text.etag, text_response(std::move(text.yaml), "application/yaml"));
}

Result<Response> get_document(DashboardService& service, const Request& request) {
  DashboardJson document = TRY(service.get_document(request.context, request.path_value("slug")));
  return with_etag(request, document.etag, json_response(document.document));
}

Result<Response> replace_dashboard(DashboardService& service, const Request& request) {
  DashboardBody body = TRY(read_body(request));
  const std::string& slug = request.path_value("slug");
  if (body.slug && *body.slug != slug)
    return bad_parameter("slug", str("is '", *body.slug, "', but the path says '", slug, "': a slug cannot be changed"), *body.slug);
  const bool dry_run = TRY(flag_parameter(request, "dry_run", true));
  return saved(TRY(service.replace(request.context, slug, {.yaml = std::move(body.yaml), .dry_run = dry_run},
                                   read_precondition(request, body.version))),
               200);
}

Result<Response> delete_dashboard(DashboardService& service, const Request& request) {
  TRY(service.remove(request.context, request.path_value("slug"), read_precondition(request)));
  return no_content();
}

Result<Response> get_history(DashboardService& service, const Request& request) {
  const int limit =
      TRY(integer_parameter(request, "limit", 1, static_cast<int>(dashboard_limits::kHistoryMax) + 1)).value_or(kHistoryPageDefault);
  return ok(DashboardHistory{TRY(service.get_history(request.context, request.path_value("slug"), static_cast<std::size_t>(limit)))});
}

Result<Response> restore_dashboard(DashboardService& service, const Request& request) {
  const auto body = TRY(request.json_body<RestoreBody>());
  return saved(TRY(service.restore(request.context, request.path_value("slug"), body.version, read_precondition(request))), 200);
}

Result<Response> validate_dashboard(DashboardService& service, const Request& request) {
  DashboardBody body = TRY(read_body(request));
  const bool dry_run = TRY(flag_parameter(request, "dry_run", false));
  return ok(
      TRY(service.validate(request.context, {.yaml = std::move(body.yaml), .slug = std::move(body.slug), .dry_run = dry_run})).report);
}

Result<Response> rebuild_index(DashboardService& service, const Request& request) {
  return ok(TRY(service.rebuild_index(request.context)));
}

Result<Response> get_schema(DashboardService&, const Request&) {
  Response response = text_response(std::string(dashboard_schema_text()), "application/schema+json");
  response.headers.emplace_back("cache-control", "public, max-age=3600");
  response.headers.emplace_back("access-control-allow-origin", "*");  // editors in a browser read it too
  return response;
}

}  // namespace

std::vector<Route> dashboard_routes(DashboardService& service) {
  const auto bind = [&service](auto endpoint) -> Handler {
    return [&service, endpoint](const Request& request) { return endpoint(service, request); };
  };
  const QueryParameter dry_run{.name = "dry_run", .about = "true: also try the queries, which needs the connection"};
  const QueryParameter try_first{.name = "dry_run",
                                 .about = "false: save without trying the queries, when the connection cannot be reached"};
  const QueryParameter slug{.name = "slug", .about = "Name in the URL, for a body that is YAML"};
  const QueryParameter version{.name = "version", .about = "The version that this replaces, for a body that is YAML; or If-Match"};
  std::vector<QueryParameter> filters = page_parameters();
  filters.push_back({.name = "view_type", .about = "analytical, operational or strategic"});
  filters.push_back({.name = "owner", .about = "The owner's email address"});
  filters.push_back({.name = "q", .about = "Words of the slug, title, description or tags"});
  filters.push_back(
      {.name = "sort",
       .about = "title, slug, created_at, updated_at, access_count or last_accessed; a minus for descending; -updated_at when not given"});
  const QueryParameter history_limit{.name = "limit", .about = "At most this many, 1 to 101; 20 when not given"};
  return {
      {Method::post,
       "/v1/dashboards",
       Access::editor,
       bind(create_dashboard),
       docs<DashboardBody, DashboardMetadata>("create_dashboard", "Dashboards",
                                              "Save a new dashboard, as application/yaml or in JSON; validated first", "DashboardBody",
                                              "Dashboard", {try_first, slug, version}),
       {},
       false,
       kBodyBytesMax},
      {Method::get, "/v1/dashboards", Access::viewer, bind(list_dashboards),
       docs<void, DashboardPage>("list_dashboards", "Dashboards", "The team's dashboards, from the index", {}, "DashboardPage", filters)},
      {Method::get, "/v1/teams/{team_id}/dashboards", Access::signed_in, bind(list_team_dashboards),
       docs<void, DashboardPage>("list_team_dashboards", "Dashboards", "The dashboards of one team", {}, "DashboardPage", filters)},
      {Method::post,
       "/v1/dashboards/validate",
       Access::editor,
       bind(validate_dashboard),
       docs<DashboardBody, ValidationReport>("validate_dashboard", "Dashboards",
                                             "Every problem of a document, with its place; nothing is saved", "DashboardBody",
                                             "ValidationReport", {dry_run, slug, version}),
       {},
       false,
       kBodyBytesMax},
      {Method::post, "/v1/dashboards/rebuild-index", Access::admin, bind(rebuild_index),
       docs<void, RebuildReport>("rebuild_dashboard_index", "Dashboards", "Index and pointers anew from the YAML files", {},
                                 "RebuildReport")},
      {Method::get, "/v1/dashboards/{slug}", Access::viewer, bind(get_dashboard),
       docs<void, DashboardMetadata>("get_dashboard", "Dashboards", "Metadata of a dashboard", {}, "Dashboard")},
      {Method::get, "/v1/dashboards/{slug}/yaml", Access::viewer, bind(get_yaml),
       docs<void, void>("get_dashboard_yaml", "Dashboards", "The document itself, with its version as ETag")},
      {Method::get, "/v1/dashboards/{slug}/document", Access::viewer, bind(get_document),
       docs<void, void>("get_dashboard_document", "Dashboards", "The document as normalised JSON, for drawing it")},
      {Method::put,
       "/v1/dashboards/{slug}",
       Access::editor,
       bind(replace_dashboard),
       docs<DashboardBody, DashboardMetadata>("replace_dashboard", "Dashboards",
                                              "Replace a dashboard; If-Match or version guards against a newer one", "DashboardBody",
                                              "Dashboard", {try_first, slug, version}),
       {},
       false,
       kBodyBytesMax},
      {Method::delete_, "/v1/dashboards/{slug}", Access::editor, bind(delete_dashboard),
       docs<void, void>("delete_dashboard", "Dashboards", "Delete a dashboard: document, index entry, pointer, cached answers")},
      {Method::get, "/v1/dashboards/{slug}/history", Access::viewer, bind(get_history),
       docs<void, DashboardHistory>("get_dashboard_history", "Dashboards", "Versions, newest first, each with what it changed", {},
                                    "DashboardHistory", {history_limit})},
      {Method::post, "/v1/dashboards/{slug}/restore", Access::editor, bind(restore_dashboard),
       docs<RestoreBody, DashboardMetadata>("restore_dashboard", "Dashboards", "Save an earlier version as the newest", "RestoreDashboard",
                                            "Dashboard")},
      {Method::get, "/schemas/dashboard/v1.json", Access::anyone, bind(get_schema),
       docs<void, void>("get_dashboard_schema", "Dashboards", "The JSON Schema of the dashboard document")},
  };
}

}  // namespace bridge
