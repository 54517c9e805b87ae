#include "platform/http/router.h"

#include "platform/http/limits.h"

namespace bridge {
namespace {

constexpr std::size_t kMethods = 7;
constexpr std::array<std::string_view, kMethods> kMethodNames{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// What ends at a node: a route for each method, with the names of its parameters in order.
struct End {
  std::size_t route = RouteMatch::kNone;
  std::vector<std::string> names;
};
using Ends = std::array<End, kMethods>;

struct Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  Ends ends;
  Ends rest;  // of `{name...}` directly below
};

bool any_route(const Ends& ends) {
  return std::any_of(ends.begin(), ends.end(), [](const End& end) { return end.route != RouteMatch::kNone; });
}

// The methods that `ends` answers to, HEAD and OPTIONS included.
std::string allow_of(const Ends& ends) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kMethods; ++i) {
    const bool by_get = static_cast<Method>(i) == Method::head && ends[static_cast<std::size_t>(Method::get)].route != RouteMatch::kNone;
    const bool by_server = static_cast<Method>(i) == Method::options;
    if (ends[i].route != RouteMatch::kNone || by_get || by_server) names.emplace_back(kMethodNames[i]);
  }
  return join(names, ", ");
}

Result<std::vector<std::string>> decode_segments(std::string_view path) {
  if (path.empty() || path.front() != '/') return fail(ErrorCode::invalid_argument, "bad_request", "The path must begin with /");
  std::vector<std::string> segments;
  path.remove_prefix(1);
  if (path.empty()) return segments;
  for (;;) {
    const std::string_view raw = path.substr(0, path.find('/'));
    for (std::size_t i = raw.find('%'); i != std::string_view::npos; i = raw.find('%', i + 1)) {
      if (i + 2 >= raw.size() || !std::isxdigit(static_cast<unsigned char>(raw[i + 1])) ||
          !std::isxdigit(static_cast<unsigned char>(raw[i + 2]))) {
        return fail(ErrorCode::invalid_argument, "bad_request", "The path has a broken %-escape");
      }
    }
    std::string segment = raw.find('%') == std::string_view::npos ? std::string(raw) : decode_percent(raw, false);
    if (segment.find('\0') != std::string::npos || !is_valid_utf8(segment)) {
      return fail(ErrorCode::invalid_argument, "bad_request", "The path must be UTF-8 without NUL");
    }
    const bool trick = segment.empty() || segment == "." || segment == ".." || segment.find_first_of("/\\") != std::string::npos;
    if (trick || segments.size() == kPathSegmentsMax) return fail(ErrorCode::not_found, "There is no such path");
    segments.push_back(std::move(segment));
    if (raw.size() == path.size()) return segments;
    path.remove_prefix(raw.size() + 1);
  }
}

class TreeRouter final : public Router {
 public:
  Result<> add(const Route& route, std::size_t index) {
    if (!route.path.starts_with('/')) return fail(ErrorCode::invalid_argument, str("route '", route.path, "' must begin with /"));
    Node* node = &root_;
    std::vector<std::string> names;
    Ends* ends = nullptr;
    if (route.path.size() > 1) {
      for (const std::string& segment : split(std::string_view(route.path).substr(1), '/')) {
        if (segment.empty() || ends) return fail(ErrorCode::invalid_argument, str("route '", route.path, "' is malformed"));
        if (segment.front() != '{') {
          auto& next = node->literals[segment];
          if (!next) next = std::make_unique<Node>();
          node = next.get();
        } else if (segment.ends_with("...}")) {
          names.push_back(segment.substr(1, segment.size() - 5));
          ends = &node->rest;
        } else {
          names.push_back(segment.substr(1, segment.size() - 2));
          if (!node->parameter) node->parameter = std::make_unique<Node>();
          node = node->parameter.get();
        }
      }
    }
    End& end = (ends ? *ends : node->ends)[static_cast<std::size_t>(route.method)];
    if (end.route != RouteMatch::kNone) {
      return fail(ErrorCode::invalid_argument, str("two routes are ", method_name(route.method), " ", route.path));
    }
    end = {index, std::move(names)};
    return {};
  }

  Result<RouteMatch> find(Method method, std::string_view path) const override {
    const std::vector<std::string> segments = TRY(decode_segments(path));
    std::vector<std::string> values;
    const Ends* const ends = walk(root_, segments, values);
    if (!ends) return fail(ErrorCode::not_found, "There is no such path");
    RouteMatch match;
    match.path.reserve(path.size());
    for (const std::string& segment : segments) match.path += '/', match.path += segment;
    if (segments.empty()) match.path = "/";
    const End* end = &(*ends)[static_cast<std::size_t>(method)];
    if (end->route == RouteMatch::kNone && method == Method::head) end = &(*ends)[static_cast<std::size_t>(Method::get)];
    if (end->route == RouteMatch::kNone) {
      match.allow = allow_of(*ends);
      return match;
    }
    match.route = end->route;
    for (std::size_t i = 0; i < end->names.size(); ++i) match.path_parameters.emplace(end->names[i], std::move(values[i]));
    return match;
  }

 private:
  // Depth first, literals first; goes back when a literal leads nowhere.
  static const Ends* walk(const Node& node, std::span<const std::string> segments, std::vector<std::string>& values) {
    if (segments.empty()) return any_route(node.ends) ? &node.ends : nullptr;
    if (const auto literal = node.literals.find(segments.front()); literal != node.literals.end()) {
      if (const Ends* found = walk(*literal->second, segments.subspan(1), values)) return found;
    }
    if (node.parameter) {
      values.push_back(segments.front());
      if (const Ends* found = walk(*node.parameter, segments.subspan(1), values)) return found;
      values.pop_back();
    }
    if (!any_route(node.rest)) return nullptr;
    values.push_back(join(segments, "/"));
    return &node.rest;
  }

  Node root_;
};

}  // namespace

std::string_view method_name(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

Result<std::unique_ptr<Router>> make_router(const std::vector<Route>& routes) {
  auto router = std::make_unique<TreeRouter>();
  for (std::size_t i = 0; i < routes.size(); ++i) TRY(router->add(routes[i], i));
  return router;
}

}  // namespace bridge
