#include "features/connections/connections_endpoints.h"

#include "base/bad_field.h"

namespace bridge {
namespace {

ConnectionId id_of(const Request& request) { return ConnectionId(request.path_value("id")); }

// A query value that is true or false; false when it is not there.
Result<bool> read_flag(const Request& request, const std::string& name) {
  const std::string text = request.query_value(name).value_or("false");
  if (text == "true" || text == "false") return text == "true";
  return bad_value({.path = name,
                    .code = "unknown_value",
                    .message = "must be true or false",
                    .got = text.substr(0, 100),
                    .allowed = {"true", "false"}});
}

// With the ETag that a change may be made to depend on.
Response answer_with(const Connection& connection, int status) {
  Response response = json_response(to_json(connection), status);
  response.headers.emplace_back("etag", str('"', connection.version, '"'));
  return response;
}

std::optional<std::string> wanted_version(const Request& request) {
  const auto match = request.header("if-match");
  if (!match) return std::nullopt;
  std::string_view tag = trim(*match);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  return std::string(tag);
}

Result<Response> create_connection(ConnectionService& service, const Request& request) {
  auto input = TRY(request.json_body<NewConnection>());
  const auto test = TRY(read_flag(request, "test")) ? NewConnectionTest::first : NewConnectionTest::later;
  return answer_with(TRY(service.create(request.context, std::move(input), test)), 201);
}

Result<Response> update_connection(ConnectionService& service, const Request& request) {
  const auto change = TRY(request.json_body<ConnectionChange>());
  const auto rename = TRY(read_flag(request, "force")) ? RenameConnection::even_if_used : RenameConnection::unless_used;
  return answer_with(TRY(service.update(request.context, id_of(request), change, rename, wanted_version(request))), 200);
}

Result<Response> test_connection(ConnectionService& service, const Request& request) {
  return ok(TRY(service.test(request.context, id_of(request))));
}

Result<Response> list_connections(ConnectionService& service, const Request& request) {
  const Page page = TRY(read_page(request));
  return ok(make_list(TRY(service.list(request.context, page)), page));
}

Result<Response> get_connection(ConnectionService& service, const Request& request) {
  return answer_with(TRY(service.get(request.context, id_of(request))), 200);
}

Result<Response> delete_connection(ConnectionService& service, const Request& request) {
  const bool force = TRY(read_flag(request, "force"));
  TRY(service.remove(request.context, id_of(request), force ? RemoveConnection::even_if_used : RemoveConnection::unless_used));
  return no_content();
}

Result<Response> list_connection_types(ConnectionService& service, const Request&) { return ok(service.list_types()); }

}  // namespace

std::vector<Route> connection_routes(ConnectionService& service) {
  const auto bind = [&service](auto endpoint) -> Handler {
    return [&service, endpoint](const Request& request) { return endpoint(service, request); };
  };
  std::vector<QueryParameter> list_query = page_parameters();
  list_query.push_back({.name = "team_id", .about = "The team, for a caller of several"});
  return {
      {Method::get, "/v1/connection-types", Access::signed_in, bind(list_connection_types),
       docs<void, std::vector<ConnectionType>>("list_connection_types", "Onboarding", "The kinds of warehouses, and the fields each needs",
                                               {}, "ConnectionTypes")},
      {Method::post, "/v1/onboarding/connections", Access::editor, bind(create_connection),
       docs<NewConnection, Connection>("create_connection", "Onboarding", "Store a connection, its credentials sealed", "NewConnection",
                                       "Connection", {{.name = "test", .about = "true: connect first, and store only what works"}})},
      {Method::get, "/v1/onboarding/connections", Access::viewer, bind(list_connections),
       docs<void, ListOf<Connection>>("list_connections", "Onboarding", "The team's connections", {}, "ConnectionList", list_query)},
      {Method::get, "/v1/onboarding/connections/{id}", Access::viewer, bind(get_connection),
       docs<void, Connection>("get_connection", "Onboarding", "One connection", {}, "Connection")},
      {Method::patch, "/v1/onboarding/connections/{id}", Access::editor, bind(update_connection),
       docs<ConnectionChange, Connection>(
           "update_connection", "Onboarding", "Change a connection's name or fields; new fields are proven before the old ones go",
           "ConnectionChange", "Connection", {{.name = "force", .about = "true: another name even if dashboards use the old one"}})},
      {Method::post, "/v1/onboarding/connections/{id}/test", Access::editor, bind(test_connection),
       docs<void, ConnectionTest>("test_connection", "Onboarding", "Connect for real", {}, "ConnectionTest")},
      {Method::delete_, "/v1/onboarding/connections/{id}", Access::admin, bind(delete_connection),
       docs<void, void>("delete_connection", "Onboarding", "Delete a connection and its credentials", {}, {},
                        {{.name = "force", .about = "true: even if dashboards use it"}})},
  };
}

}  // namespace bridge
