#include "app/services.h"

#include <filesystem>

#include "ai_sdk/core/provider_list.h"
#include "base/text.h"
#include "features/chat/session_store.h"
#include "features/dashboard_generation/generation_adapters.h"
#include "features/query_execution/limits.h"
#include "platform/key_management/key_service.h"
#include "platform/metadata_db/migrations.h"
#include "warehouse/driver_list.h"

namespace bridge {
namespace {

// A team's connections as dashboards see them: by name, opened only when the cache has no answer.
class TeamConnectionDirectory final : public ConnectionDirectory {
 public:
  TeamConnectionDirectory(std::shared_ptr<ConnectionService> connections, std::vector<std::shared_ptr<WarehouseDriver>> drivers,
                          QueryLimits limits)
      : connections_(std::move(connections)), drivers_(std::move(drivers)), limits_(limits) {}

  Result<DataConnection> find_connection(const CallContext& context, std::string_view name) override {
    const auto connection = connections_->get_by_name(context, name);
    if (!connection) {
      if (connection.error().code != ErrorCode::not_found) return fail(connection.error());
      return fail(ErrorCode::failed_precondition, "connection_missing", connection.error().message);
    }
    for (const auto& driver : drivers_) {
      if (driver->type() != connection->connection_type) continue;
      // A connection never changes, it is only made and removed: its id says which warehouse this is.
      return DataConnection{.key = connection->id.value(),
                            .dialect = driver->dialect(),
                            .limits = limits_,
                            .open = [connections = connections_, id = connection->id](const CallContext& inner) {
                              return connections->open_warehouse(inner, id);
                            }};
    }
    return fail(ErrorCode::unsupported, str("This build has no driver for ", connection->connection_type));
  }

  Result<std::vector<std::string>> list_connection_names(const CallContext& context) override { return connections_->list_names(context); }

 private:
  std::shared_ptr<ConnectionService> connections_;
  std::vector<std::shared_ptr<WarehouseDriver>> drivers_;
  QueryLimits limits_;
};

}  // namespace

Result<std::unique_ptr<Services>> open_services(const Config& config) {
  auto services = std::make_unique<Services>();
  Services& s = *services;
  s.clock = make_system_clock();
  // A key is made on the first start alone: with another one, no credential could be opened and no API key would be known any more.
  std::error_code error;
  const bool first_start = !std::filesystem::exists(config.path("bridge.db"), error);
  s.database = TRY(open_sqlite(config.path("bridge.db")));
  TRY(migrate_up(*s.database));
  s.lake = TRY(open_folder_store(config.path("lake")));
  s.keys = TRY(open_local_keys(config.path("keys/master.key"), first_start));
  s.cache = make_memory_cache(config.cache_bytes);
  s.drivers = make_warehouse_drivers();
  s.local_engine = make_local_query_engine();

  s.teams = make_team_service(s.database, s.keys, s.clock);
  s.connections = make_connection_service({.database = s.database,
                                           .credentials = s.lake,
                                           .keys = s.keys,
                                           .clock = s.clock,
                                           .drivers = s.drivers,
                                           .users = [services = services.get()](const CallContext& context, const Connection& connection) {
                                             return services->dashboards->list_users_of_connection(context, connection.name);
                                           }});
  s.jobs = make_job_service(s.database, s.clock, {make_catalog_scan_job(s.database, s.clock, s.connections)});
  s.catalog = make_catalog_service(s.database, s.clock, s.connections, s.jobs);

  const QueryLimits limits{.bytes_max = config.bytes_max};
  s.queries = make_query_execution(*s.cache, s.clock);
  s.query_workers = make_work_pool(query_limits::kQueryThreads);
  s.connection_directory = std::make_unique<TeamConnectionDirectory>(s.connections, s.drivers, limits);
  s.dashboards = make_dashboard_service(
      {.database = *s.database,
       .store = *s.lake,
       .connections = s.connection_directory.get(),
       .local = s.local_engine.get(),
       .clock = s.clock,
       .on_change = [queries = s.queries.get()](const TeamScope& team, std::string_view slug) { queries->forget(team, slug); }});
  s.data = make_data_service({*s.dashboards, *s.connection_directory, *s.queries, *s.local_engine, *s.query_workers, *s.clock,
                              std::chrono::milliseconds(config.cache_ttl_ms)});

  s.prompt_blocks = make_prompt_block_service(s.database, s.clock);
  TRY(s.prompt_blocks->add_missing_defaults({}));
  s.sessions = make_session_manager(make_session_store(s.database), s.lake, s.clock);
  s.providers = std::make_unique<ProviderFactory>(make_providers(), config.provider);
  s.dry_runs = std::make_unique<DryRunLedger>();
  s.catalog_reader = make_catalog_reader(*s.connections, *s.catalog);
  s.library = make_dashboard_library(*s.dashboards);
  s.generation = TRY(make_generation_service({.tools = {.catalog = *s.catalog_reader,
                                                        .library = *s.library,
                                                        .local = *s.local_engine,
                                                        .ledger = *s.dry_runs,
                                                        .clock = *s.clock,
                                                        .cap_bytes = config.bytes_max},
                                              .providers = *s.providers,
                                              .sessions = *s.sessions,
                                              .prompt_blocks = *s.prompt_blocks}));
  return services;
}

}  // namespace bridge
