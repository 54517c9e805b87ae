#pragma once

#include <functional>
#include <string>
#include <vector>

#include "platform/http/route.h"

namespace bridge {

// A part that the server needs, and how to ask it whether it works.
struct ReadyCheck {
  std::string name;
  std::function<Result<>(const CallContext&)> check;
  bool is_needed = true;  // without it the server is not ready
};

struct ReadyLine {
  std::string name;
  bool ok = true;
  double latency_ms = 0;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(ReadyLine, (), (name, ok, latency_ms, error))

struct ReadyReport {
  std::string status;  // "ready" or "not_ready"
  std::vector<ReadyLine> checks;
};
BOOST_DESCRIBE_STRUCT(ReadyReport, (), (status, checks))

// /health, /ready, /metrics. `before_metrics` sets the gauges that are read only when somebody looks.
std::vector<Route> system_routes(std::vector<ReadyCheck> checks, std::function<void()> before_metrics);

// /openapi.json and /docs, about all of `routes` and themselves.
std::vector<Route> api_description_routes(const std::vector<Route>& routes);

}  // namespace bridge
