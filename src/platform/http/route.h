#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/http/message.h"

namespace bridge {

// Who may call a route. `viewer` and up need a caller with a team; `signed_in` needs a caller but no team.
enum class Access : std::uint8_t { anyone, signed_in, viewer, editor, admin, operator_only };

struct QueryParameter {
  std::string name;
  std::string about;
  bool required = false;
};

// What the OpenAPI document says of a route; made from the same structs that validate the requests.
struct RouteDocs {
  std::string operation_id;  // "create_connection"
  std::string summary;       // one line
  std::string tag;           // "Onboarding"
  std::vector<QueryParameter> query;
  std::string request_name;  // component name, empty when there is no JSON body
  json::object request_schema;
  std::string response_name;
  json::object response_schema;
  bool open_query = false;    // query names that are not listed are the document's parameters and not errors
  std::string request_type;   // media type of a body that is not JSON, e.g. application/yaml
  std::string response_type;  // media type of an answer that is not JSON, e.g. text/plain
};

using Handler = std::function<Result<Response>(const Request&)>;
// Runs on the I/O thread and must not block: an answer that needs no work, or nothing to go on to the handler on a worker.
using QuickHandler = std::function<std::optional<Response>(const Request&)>;

// What of a team may hang by itself, such as the connection that the request is about; empty when that is not known. Must not block.
using ShareOf = std::function<std::string(const Request&)>;

// One line of a route table. Paths are literal but for `{name}` segments; `{name...}` at the end takes one or more segments.
struct Route {
  Method method = Method::get;
  std::string path;
  Access access = Access::viewer;
  Handler handler;
  RouteDocs docs;
  QuickHandler quick;
  bool streams = false;  // runs on the stream pool, which long answers may fill without stopping everybody else
  std::size_t body_bytes_max = 10 << 20;
  int timeout_ms = 60'000;
  bool any_host = false;  // answers whatever name it is asked by: probes know none
  ShareOf share;          // requests of one team and of one of these have a share of the workers, and leave the others theirs
};

// Docs of a route whose body is a `Body` and whose answer is an `Answer`; void for none.
template <class Body, class Answer>
RouteDocs docs(std::string operation_id, std::string tag, std::string summary, std::string request_name = {},
               std::string response_name = {}, std::vector<QueryParameter> query = {}) {
  RouteDocs out{.operation_id = std::move(operation_id), .summary = std::move(summary), .tag = std::move(tag), .query = std::move(query)};
  if constexpr (!std::is_void_v<Body>) {
    out.request_name = std::move(request_name);
    out.request_schema = json_schema<Body>();
  }
  if constexpr (!std::is_void_v<Answer>) {
    out.response_name = std::move(response_name);
    out.response_schema = json_schema<Answer>();
  }
  return out;
}

// OpenAPI 3.1 of all routes.
json::object make_openapi(const std::vector<Route>& routes, std::string_view version);

}  // namespace bridge
