#include "features/connections/connections_endpoints.h"

namespace bridge {
namespace {

ConnectionId id_of(const Request& request) { return ConnectionId(request.path_value("id")); }

Result<Response> create_connection(ConnectionService& service, const Request& request) {
  auto input = TRY(request.json_body<NewConnection>());
  return created(TRY(service.create(request.context, std::move(input))));
}

Result<Response> test_connection(ConnectionService& service, const Request& request) {
  return ok(TRY(service.test(request.context, id_of(request))));
}

Result<Response> list_connections(ConnectionService& service, const Request& request) {
  const Page page = TRY(read_page(request));
  return ok(make_list(TRY(service.list(request.context, page)), page));
}

Result<Response> get_connection(ConnectionService& service, const Request& request) {
  return ok(TRY(service.get(request.context, id_of(request))));
}

Result<Response> delete_connection(ConnectionService& service, const Request& request) {
  const std::string force = request.query_value("force").value_or("false");
  if (force != "true" && force != "false") {
    return fail(Error{.code = ErrorCode::invalid_argument,
                      .message = "force must be true or false",
                      .violations = {{.path = "force",
                                      .code = "unknown_value",
                                      .message = "must be true or false",
                                      .got = force.substr(0, 100),
                                      .allowed = {"true", "false"}}}});
  }
  TRY(service.remove(request.context, id_of(request), force == "true" ? RemoveConnection::even_if_used : RemoveConnection::unless_used));
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
                                       "Connection")},
      {Method::get, "/v1/onboarding/connections", Access::viewer, bind(list_connections),
       docs<void, ListOf<Connection>>("list_connections", "Onboarding", "The team's connections", {}, "ConnectionList", list_query)},
      {Method::get, "/v1/onboarding/connections/{id}", Access::viewer, bind(get_connection),
       docs<void, Connection>("get_connection", "Onboarding", "One connection", {}, "Connection")},
      {Method::post, "/v1/onboarding/connections/{id}/test", Access::editor, bind(test_connection),
       docs<void, ConnectionTest>("test_connection", "Onboarding", "Connect for real", {}, "ConnectionTest")},
      {Method::delete_, "/v1/onboarding/connections/{id}", Access::admin, bind(delete_connection),
       docs<void, void>("delete_connection", "Onboarding", "Delete a connection and its credentials", {}, {},
                        {{.name = "force", .about = "true: even if dashboards use it"}})},
  };
}

}  // namespace bridge
