#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/route.h"

namespace bridge {

struct RouteMatch {
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::size_t route = kNone;  // index into the table; kNone when the path exists but not with this method
  std::string path;           // decoded
  std::map<std::string, std::string> path_parameters;
  std::string allow;  // the methods of this path, when `route` is kNone
};

// Finds the route of a path. A literal segment beats `{name}`; `{name...}` as the last segment takes one or more segments.
class Router {
 public:
  virtual ~Router() = default;

  // `path` as it came, without the query; decoded once here. HEAD is served by GET. not_found when no method has this path;
  // bad_request for a path that is malformed.
  virtual Result<RouteMatch> find(Method method, std::string_view path) const = 0;
};

// invalid_argument when a path is malformed or two routes are the same.
Result<std::unique_ptr<Router>> make_router(const std::vector<Route>& routes);

std::string_view method_name(Method method);

}  // namespace bridge
