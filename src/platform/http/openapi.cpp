#include "platform/http/route.h"
#include "platform/http/router.h"

namespace bridge {
namespace {

std::string_view access_text(Access access) {
  switch (access) {
    case Access::anyone: return "";
    case Access::signed_in: return "Needs credentials.";
    case Access::viewer: return "Needs the role viewer in the team.";
    case Access::editor: return "Needs the role editor in the team.";
    case Access::admin: return "Needs the role admin in the team.";
    case Access::operator_only: return "Only for the operator of this server.";
  }
  return "";
}

// The same for programs, as `x-bridge-access`.
std::string_view access_name(Access access) {
  constexpr std::string_view names[] = {"anyone", "signed_in", "viewer", "editor", "admin", "operator_only"};
  return names[static_cast<std::size_t>(access)];
}

json::object reference(std::string_view component) { return {{"$ref", str("#/components/schemas/", component)}}; }

json::array parameters_of(const Route& route) {
  json::array out;
  for (const std::string& segment : split(route.path, '/')) {
    if (!segment.starts_with('{')) continue;
    const std::string name = segment.substr(1, segment.find_first_of(".}") - 1);
    out.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  bool names_team = false;
  for (const QueryParameter& parameter : route.docs.query) {
    names_team = names_team || parameter.name == "team_id";
    json::object entry{{"name", parameter.name}, {"in", "query"}, {"schema", {{"type", "string"}}}};
    if (parameter.required) entry["required"] = true;
    if (!parameter.about.empty()) entry["description"] = parameter.about;
    out.push_back(std::move(entry));
  }
  if (route.access != Access::anyone && !names_team) out.push_back(json::object{{"$ref", "#/components/parameters/team_id"}});
  return out;
}

json::object operation_of(const Route& route, json::object& schemas) {
  const RouteDocs& docs = route.docs;
  json::object out{{"operationId", docs.operation_id}, {"summary", docs.summary}, {"x-bridge-access", access_name(route.access)}};
  if (!docs.tag.empty()) out["tags"] = json::array{docs.tag};
  std::string about(access_text(route.access));
  if (docs.open_query) about += " Other query names are parameters of the document.";
  if (!about.empty()) out["description"] = trim(about);
  if (json::array parameters = parameters_of(route); !parameters.empty()) out["parameters"] = std::move(parameters);
  json::object body;
  if (!docs.request_schema.empty()) {
    json::object schema = docs.request_schema;
    if (!docs.request_name.empty()) schemas[docs.request_name] = std::exchange(schema, reference(docs.request_name));
    body["application/json"] = {{"schema", std::move(schema)}};
  }
  if (!docs.request_type.empty()) body[docs.request_type] = {{"schema", {{"type", "string"}}}};
  if (!body.empty()) out["requestBody"] = {{"required", true}, {"content", std::move(body)}};
  json::object good{{"description", "Success"}};
  if (route.streams) {
    good["description"] = "Server-Sent Events";
    good["content"] = {{"text/event-stream", {{"schema", {{"type", "string"}}}}}};
  } else if (!docs.response_schema.empty()) {
    json::object schema = docs.response_schema;
    if (!docs.response_name.empty()) schemas[docs.response_name] = std::exchange(schema, reference(docs.response_name));
    good["content"] = {{"application/json", {{"schema", std::move(schema)}}}};
  } else if (!docs.response_type.empty()) {
    good["content"] = {{docs.response_type, {{"schema", {{"type", "string"}}}}}};
  }
  out["responses"] = {{"2XX", std::move(good)}, {"default", {{"$ref", "#/components/responses/problem"}}}};
  if (route.access == Access::anyone) out["security"] = json::array{};
  return out;
}

json::object problem_schema() {
  const json::object text{{"type", "string"}};
  const json::object number{{"type", "integer"}};
  return {{"type", "object"},
          {"description", "RFC 9457 problem details; `code` is stable, `errors` says what is wrong in the input."},
          {"required", {"type", "title", "status", "detail", "code", "trace_id"}},
          {"properties",
           {{"type", text},
            {"title", text},
            {"status", number},
            {"detail", text},
            {"code", text},
            {"trace_id", text},
            {"errors",
             {{"type", "array"},
              {"items",
               {{"type", "object"},
                {"required", {"path", "code", "message"}},
                {"properties",
                 {{"path", text},
                  {"line", number},
                  {"column", number},
                  {"code", text},
                  {"message", text},
                  {"got", text},
                  {"allowed", {{"type", "array"}, {"items", text}}},
                  {"suggestion", text}}}}}}}}}};
}

}  // namespace

json::object make_openapi(const std::vector<Route>& routes, std::string_view version) {
  json::object schemas{{"Problem", problem_schema()}};
  json::object paths;
  for (const Route& route : routes) {
    if (route.docs.operation_id.empty()) continue;  // files of the web page
    std::string path = replace_all(route.path, "...}", "}");
    json::object operation = operation_of(route, schemas);
    json::value& item = paths[path];
    if (!item.is_object()) item = json::object();
    item.get_object()[lower(method_name(route.method))] = std::move(operation);
  }
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "Bridge"}, {"version", version}}},
          {"security", {{{"bearer", json::array()}}, {{"cookie", json::array()}}}},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", std::move(schemas)},
            {"parameters",
             {{"team_id",
               {{"name", "team_id"},
                {"in", "query"},
                {"description", "The team to act in, for callers with several; the header X-Bridge-Team does the same."},
                {"schema", {{"type", "string"}}}}}}},
            {"responses",
             {{"problem",
               {{"description", "What went wrong"}, {"content", {{"application/problem+json", {{"schema", reference("Problem")}}}}}}}}},
            {"securitySchemes",
             {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key (brg_…) or an OIDC id token"}}},
              {"cookie", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "bridge_session"}}}}}}}};
}

}  // namespace bridge
