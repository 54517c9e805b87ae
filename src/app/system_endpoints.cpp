#include "app/system_endpoints.h"

#include "app/version.h"
#include "base/text.h"
#include "platform/telemetry/metrics.h"

namespace bridge {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Health {
  std::string status;
  std::string version;
  std::int64_t uptime_s = 0;
};
BOOST_DESCRIBE_STRUCT(Health, (), (status, version, uptime_s))

Result<Response> check_ready(const Request& request, const std::vector<ReadyCheck>& checks) {
  ReadyReport report{.status = "ready", .checks = {}};
  for (const ReadyCheck& check : checks) {
    const auto start = SteadyClock::now();
    const auto outcome = check.check(request.context);
    ReadyLine line{.name = check.name, .ok = outcome.has_value()};
    line.latency_ms = std::round(std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count() * 100) / 100;
    if (!outcome) {
      line.error = outcome.error().message;
      if (check.is_needed) report.status = "not_ready";
    }
    report.checks.push_back(std::move(line));
  }
  return json_response(to_json(report), report.status == "ready" ? 200 : 503);
}

std::string html_text(std::string_view text) {
  return replace_all(replace_all(replace_all(std::string(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

// A page that lists the operations: no script, nothing from elsewhere.
std::string make_docs_page(const std::vector<Route>& routes) {
  std::string page =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"><title>Bridge API</title><style>"
      ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
      "1rem}h2{margin-top:2.5rem;font-size:1.1rem}"
      "details{border-top:1px solid #8884;padding:.5rem 0}summary{cursor:pointer}code,pre{font:13px/1.5 "
      "ui-monospace,monospace}pre{overflow:auto;background:#8881;padding:.75rem;border-radius:6px}"
      "b{display:inline-block;min-width:4.5rem;font:600 12px ui-monospace,monospace}i{opacity:.65;font-style:normal;float:right}</style>"
      "<h1>Bridge API</h1><p>Version " +
      std::string(kBridgeVersion) +
      ". The machine-readable description is at <a href=\"/openapi.json\">/openapi.json</a>. Send a key as <code>Authorization: Bearer "
      "brg_…</code>.</p>";
  std::map<std::string, std::vector<const Route*>> by_tag;
  for (const Route& route : routes) {
    if (!route.docs.operation_id.empty()) by_tag[route.docs.tag].push_back(&route);
  }
  constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  constexpr std::string_view access[] = {"anyone", "signed in", "viewer", "editor", "admin", "operator"};
  for (const auto& [tag, members] : by_tag) {
    page += str("<h2>", html_text(tag), "</h2>");
    for (const Route* route : members) {
      page += str("<details><summary><b>", methods[static_cast<std::size_t>(route->method)], "</b><code>", html_text(route->path),
                  "</code> ", html_text(route->docs.summary), "<i>", access[static_cast<std::size_t>(route->access)], "</i></summary>");
      for (const QueryParameter& parameter : route->docs.query)
        page += str("<p><code>?", html_text(parameter.name), parameter.required ? "</code> (required) " : "</code> ",
                    html_text(parameter.about), "</p>");
      if (!route->docs.request_schema.empty())
        page += str("<p>Body</p><pre>", html_text(json::serialize(route->docs.request_schema)), "</pre>");
      if (!route->docs.response_schema.empty())
        page += str("<p>Answer</p><pre>", html_text(json::serialize(route->docs.response_schema)), "</pre>");
      page += "</details>";
    }
  }
  return page + "</html>";
}

Route fixed_answer(std::string path, std::string operation_id, std::string summary, std::shared_ptr<const Response> answer) {
  return {.method = Method::get,
          .path = std::move(path),
          .access = Access::anyone,
          .handler = [answer](const Request&) -> Result<Response> { return *answer; },
          .docs = docs<void, void>(std::move(operation_id), "Operations", std::move(summary)),
          .quick = [answer](const Request&) -> std::optional<Response> { return *answer; }};
}

}  // namespace

std::vector<Route> system_routes(std::vector<ReadyCheck> checks, std::function<void()> before_metrics) {
  const auto started = SteadyClock::now();
  const auto health = [started](const Request&) -> Response {
    return ok(Health{.status = "ok",
                     .version = std::string(kBridgeVersion),
                     .uptime_s = std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - started).count()});
  };
  return {
      {.method = Method::get,
       .path = "/health",
       .access = Access::anyone,
       .handler = [health](const Request& request) -> Result<Response> { return health(request); },
       .docs = docs<void, Health>("get_health", "Operations", "Alive; touches nothing", {}, "Health"),
       .quick = [health](const Request& request) -> std::optional<Response> { return health(request); },
       .any_host = true},
      {.method = Method::get,
       .path = "/ready",
       .access = Access::anyone,
       .handler = [checks = std::move(checks)](const Request& request) { return check_ready(request, checks); },
       .docs = docs<void, ReadyReport>("get_ready", "Operations", "Each dependency with its latency; 503 if one that is needed is down", {},
                                       "ReadyReport"),
       .any_host = true},
      {.method = Method::get,
       .path = "/metrics",
       .access = Access::signed_in,
       .handler = [before_metrics = std::move(before_metrics)](const Request&) -> Result<Response> {
         before_metrics();
         return text_response(render_metrics(), "text/plain; version=0.0.4; charset=utf-8");
       },
       .docs = docs<void, void>("get_metrics", "Operations", "Prometheus text")},
  };
}

std::vector<Route> api_description_routes(const std::vector<Route>& routes) {
  std::vector<Route> all = routes;
  const auto openapi = std::make_shared<Response>();
  const auto page = std::make_shared<Response>();
  std::vector<Route> own{fixed_answer("/openapi.json", "get_openapi", "This description", openapi),
                         fixed_answer("/docs", "get_docs", "This description, for people", page)};
  all.insert(all.end(), own.begin(), own.end());
  *openapi = json_response(make_openapi(all, kBridgeVersion));
  *page = text_response(make_docs_page(all), "text/html; charset=utf-8");
  return own;
}

}  // namespace bridge
