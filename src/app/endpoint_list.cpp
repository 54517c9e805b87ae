#include "app/endpoint_list.h"

#include <unistd.h>

#include <fstream>

#include "app/safe_repeats.h"
#include "app/services.h"
#include "app/system_endpoints.h"
#include "app/web_page.h"
#include "features/catalog/catalog_endpoints.h"
#include "features/chat/chat_endpoints.h"
#include "features/chat/prompt_blocks_endpoints.h"
#include "features/connections/connections_endpoints.h"
#include "features/dashboard_generation/generation_endpoints.h"
#include "features/dashboard_generation/suggestion_endpoints.h"
#include "features/dashboard_serving/data_endpoints.h"
#include "features/dashboards/dashboard_endpoints.h"
#include "features/jobs/jobs_endpoints.h"
#include "features/observability/observability_endpoints.h"
#include "features/teams/teams_endpoints.h"
#include "features/warehouse_use/warehouse_use_endpoints.h"
#include "platform/telemetry/metrics.h"

namespace bridge {
namespace {

std::vector<ReadyCheck> ready_checks(Services& services) {
  return {{"database", [&](const CallContext& context) { return services.database->ping(context); }},
          {"object_store",
           [&](const CallContext& context) -> Result<> {
             // An object of no team: written, read back, removed.
             TRY(services.lake->put(context, "health/check", "ok", kAnyGeneration));
             TRY(services.lake->get(context, "health/check"));
             return services.lake->remove(context, "health/check");
           }},
          {"key_service", [&](const CallContext& context) { return services.keys->ping(context); }},
          {"cache",
           [&](const CallContext&) -> Result<> {
             services.cache->put("health", std::make_shared<const std::string>("ok"), std::chrono::seconds(1));
             if (!services.cache->find("health")) return fail(ErrorCode::unavailable, "The cache keeps nothing");
             return {};
           }},
          // Which walls this system gives engines. What the operator reads himself needs none.
          {.name = "walls", .check = [&](const CallContext& context) { return services.walls->check(context); }, .is_needed = false}};
}

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double pages = 0;
  in >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void set_gauges(Services& services) {
  const CacheStatistics cache = services.cache->statistics();
  gauge("bridge_cache_entries", "Answers in the cache").set(static_cast<double>(cache.entries));
  gauge("bridge_cache_bytes", "Bytes of the answers in the cache").set(static_cast<double>(cache.bytes));
  gauge("bridge_cache_hits", "Look-ups that found an answer").set(static_cast<double>(cache.hits));
  gauge("bridge_cache_misses", "Look-ups that found none").set(static_cast<double>(cache.misses));
  gauge("bridge_resident_bytes", "Memory in use").set(resident_bytes());
}

}  // namespace

std::vector<Route> make_routes(Services& services) {
  std::vector<std::vector<Route>> groups{
      system_routes(ready_checks(services), [&services] { set_gauges(services); }),
      team_routes(*services.teams),
      job_routes(*services.jobs),
      connection_routes(*services.connections),
      warehouse_use_routes(*services.warehouse_use),
      catalog_routes(*services.catalog),
      dashboard_routes(*services.dashboards),
      data_routes(*services.data, *services.dashboards),
      make_observability_routes(*services.observability, *services.tool_cache),
      make_chat_routes(*services.chat),
      make_prompt_block_routes(*services.prompt_blocks),
      make_generation_routes(*services.generation),
      make_suggestion_routes(*services.suggestions),
      web_page_routes(),
  };
  std::vector<Route> routes;
  for (auto& group : groups) routes.insert(routes.end(), std::make_move_iterator(group.begin()), std::make_move_iterator(group.end()));
  add_safe_repeats(routes);
  std::vector<Route> description = api_description_routes(routes);
  routes.insert(routes.end(), std::make_move_iterator(description.begin()), std::make_move_iterator(description.end()));
  return routes;
}

}  // namespace bridge
