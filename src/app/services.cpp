#include "app/services.h"

#include <filesystem>

#include "ai_sdk/core/provider_list.h"
#include "ai_sdk/recording/cassette.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "features/catalog/catalog_store.h"
#include "features/chat/session_store.h"
#include "features/dashboard_generation/connection_context.h"
#include "features/dashboard_generation/generation_adapters.h"
#include "features/observability/model_call_log.h"
#include "features/observability/model_call_store.h"
#include "features/query_execution/limits.h"
#include "features/rules/rules_provider.h"
#include "features/teams/team_authenticator.h"
#include "features/teams/team_store.h"
#include "platform/key_management/key_service.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"
#include "warehouse/driver_list.h"
#include "warehouse/isolated/isolated_driver.h"
#include "warehouse/isolated/isolated_query_engine.h"
#include "warehouse/local_path.h"

namespace bridge {
namespace {

constexpr std::uint64_t kCacheMemoryShare = 8;  // of what the process may take
constexpr std::uint64_t kWorkerMemoryMin = std::uint64_t{1} << 30;
constexpr std::uint64_t kWorkerMemoryMax = std::uint64_t{4} << 30;
constexpr const char* kScratchFolder = "scratch";  // engines' temporary files

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
      // Answers of other credentials are other answers.
      return DataConnection{.key = str(connection->id.value(), "/", connection->version),
                            .dialect = &driver->dialect(),
                            .limits = limits_,
                            .open = [connections = connections_,
                                     id = connection->id](const CallContext& inner) { return connections->open_warehouse(inner, id); },
                            .data_version = [connections = connections_, id = connection->id](
                                                const CallContext& inner) { return connections->data_version(inner, id); }};
    }
    return fail(ErrorCode::unsupported, str("This build has no driver for ", connection->connection_type));
  }

  Result<std::vector<std::string>> list_connection_names(const CallContext& context) override { return connections_->list_names(context); }
  std::uint64_t change_count() const override { return connections_->change_count(); }

 private:
  std::shared_ptr<ConnectionService> connections_;
  std::vector<std::shared_ptr<WarehouseDriver>> drivers_;
  QueryLimits limits_;
};

// The team's connection of that id; its only active one for an empty id, or none.
Result<ConnectionId> choose_connection(ConnectionService& connections, const CallContext& context, const ConnectionId& wanted) {
  if (!wanted.empty()) return TRY(connections.get(context, wanted)).id;
  ConnectionId only;
  for (const Connection& connection : TRY(connections.list(context, {.limit = kPageSizeMax}))) {
    if (connection.status != ConnectionStatus::active) continue;
    if (!only.empty()) return ConnectionId();
    only = connection.id;
  }
  return only;
}

// Everything that talks to models: the providers behind their gateway, sessions, tools, and the two features over them.
Result<> open_models(Services& s, const Config& config) {
  s.model_call_log = make_model_call_log(s.database, s.clock);
  s.observability = make_observability_service(s.database);
  s.tool_cache = make_tool_cache(s.cache, s.database, s.clock,
                                 {.catalog = [catalog = s.catalog](const CallContext& context, const ConnectionId& connection) {
                                   return catalog->catalog_version(context, connection);
                                 }});
  s.prompt_blocks = make_prompt_block_service(s.database, s.clock);
  TRY(s.prompt_blocks->add_missing_defaults({}));
  s.sessions = make_session_manager(make_session_store(s.database), s.lake, s.clock, SessionWriters::this_process);

  auto providers = TRY(make_providers({.anthropic_api_key = config.anthropic_api_key,
                                       .anthropic_base_url = config.anthropic_base_url,
                                       .openai_api_key = config.openai_api_key,
                                       .openai_base_url = config.openai_base_url,
                                       .openai_profile = config.openai_profile,
                                       .http = TRY(open_cassette(config.cassette, s.http)),
                                       .clock = s.clock}));
  providers.push_back(make_rules_provider());
  const auto read_use = [database = s.database](const CallContext& context, const TeamScope& team, Time since) {
    return read_value<TeamUse>(*database, context, [&](Transaction& transaction) { return read_team_use(transaction, team, since); });
  };
  s.providers = std::make_unique<ProviderFactory>(behind_gateway(providers, config.fallbacks,
                                                                 {.observer = s.model_call_log,
                                                                  .limiter = make_team_limiter(config.team_limits, s.clock, read_use),
                                                                  .clock = s.clock,
                                                                  .redact = config.redact}),
                                                  config.provider, config.model);

  s.dry_runs = std::make_unique<DryRunLedger>();
  s.catalog_reader = make_catalog_reader(*s.connections, *s.catalog);
  s.library = make_dashboard_library(*s.dashboards);
  const GenerationToolParts tools{.catalog = *s.catalog_reader,
                                  .library = *s.library,
                                  .local = *s.local_engine,
                                  .ledger = *s.dry_runs,
                                  .clock = *s.clock,
                                  .data = s.data.get(),
                                  .cap_bytes = config.bytes_max};
  s.suggestions = TRY(make_suggestion_service(tools, s.tool_cache));
  s.generation = TRY(make_generation_service({.tools = tools,
                                              .providers = *s.providers,
                                              .sessions = *s.sessions,
                                              .prompt_blocks = *s.prompt_blocks,
                                              .tool_cache = s.tool_cache,
                                              .suggestions = s.suggestions.get()}));
  s.chat = make_chat_service({.providers = *s.providers,
                              .sessions = *s.sessions,
                              .prompt_blocks = *s.prompt_blocks,
                              .tools = TRY(make_chat_tools(tools)),
                              .tool_cache = s.tool_cache,
                              .choose_connection =
                                  [connections = s.connections](const CallContext& context, const ConnectionId& wanted) {
                                    return choose_connection(*connections, context, wanted);
                                  },
                              .describe_connection =
                                  [reader = s.catalog_reader.get(), clock = s.clock, cap = config.bytes_max](
                                      const CallContext& context, const ConnectionId& connection) {
                                    return describe_connection(context, *reader, connection, cap, clock->now());
                                  },
                              .check_caller = [teams = s.teams](const Caller& caller) { return check_caller_again(*teams, caller); },
                              .on_message =
                                  [ledger = s.dry_runs.get()](const SessionState& session, std::string_view message) {
                                    ledger->open_session(session.id, {.generator = session.provider, .prompt = std::string(message)});
                                  }});
  return {};
}

DriverParts driver_parts(const Config& config, const Services& services) {
  const bool is_default = config.allowed_networks.is_unset() && config.listens_on_this_machine_alone();
  DriverParts parts{.http = services.http,
                    .clock = services.clock,
                    .networks = is_default ? AllowedNetworks::near_ones_of_operator() : config.allowed_networks,
                    .limits = {.process_memory_max = process_memory_max()}};
  for (const std::string_view kept : {"lake", "keys", "operator.key", "bridge.db", "bridge.db-wal", "bridge.db-shm", kScratchFolder}) {
    std::error_code error;
    parts.folders.kept.push_back(std::filesystem::weakly_canonical(config.path(std::string(kept)), error));
    if (error) parts.folders.kept.pop_back();
  }
  return parts;
}

// Where warehouses of files may lie, and who may say so.
CheckPlace place_checker(Services& s, const Config& config) {
  return [&s, roots = config.data_roots, is_alone = config.listens_on_this_machine_alone(), needs_walls = !config.allow_missing_walls](
             const CallContext& context, const WarehouseDriver& driver, const std::map<std::string, Secret>& credentials,
             NamedBy by) -> Result<> {
    if (!driver.is_of_this_machine()) return {};
    if (!roots.is_unset()) {
      const auto team = TRY(read_value<std::optional<Team>>(
          *s.database, context, [&](Transaction& transaction) { return find_team(transaction, context.caller.team_id); }));
      TRY(roots.check(path_text_of(credentials), team ? team->slug : ""));
    } else if (!is_alone) {
      return fail(
          ErrorCode::permission_denied, "path_not_allowed",
          "This server can be reached from other machines and reads no files of its own until the operator says where data may lie: "
          "set BRIDGE_DATA_ROOTS");
    } else if (by != NamedBy::server_operator) {
      return fail(ErrorCode::permission_denied, "path_not_allowed",
                  "Only the operator names folders of the server's machine: ask them to add this connection, or to set BRIDGE_DATA_ROOTS");
    }
    if (!needs_walls || by == NamedBy::server_operator) return {};
    const auto walls = s.walls->check(context);
    if (walls) return {};
    Error error = walls.error();
    error.message += ". So files of others than the operator are not read, unless BRIDGE_ALLOW_MISSING_WALLS=1";
    return fail(std::move(error));
  };
}

// What one engine's process may take: half of what the server may, within bounds, of which its engine takes half.
std::uint64_t worker_memory() { return std::clamp(process_memory_max() / 2, kWorkerMemoryMin, kWorkerMemoryMax); }

// The warehouses; those of this machine, and the engine of `from:` queries, behind walls.
void open_engines(Services& s, const Config& config) {
  s.workers = make_worker_supervisor(make_worker_launcher(), {});
  s.walls = make_walls(s.workers);
  std::error_code error;
  std::filesystem::remove_all(config.path(kScratchFolder), error);  // of a server that was killed
  const std::filesystem::path scratch = std::filesystem::weakly_canonical(config.path(kScratchFolder), error);
  for (const auto& driver : make_warehouse_drivers(driver_parts(config, s))) {
    s.drivers.push_back(driver->is_of_this_machine()
                            ? make_isolated_driver(driver, s.workers, {.scratch_folder = scratch, .memory_bytes_max = worker_memory()})
                            : driver);
  }
  s.local_engine = make_isolated_query_engine(make_local_query_engine(), s.workers, worker_memory());
}

}  // namespace

Result<std::unique_ptr<Services>> open_services(const Config& config) {
  auto services = std::make_unique<Services>();
  Services& s = *services;
  s.clock = make_system_clock();
  // A key is made on the first start alone: with another one, no credential could be opened and no API key would be known any more.
  std::error_code error;
  const bool first_start = !std::filesystem::exists(config.path("bridge.db"), error);
  s.database = TRY(open_sqlite(config.path("bridge.db")));
  for (const MigrationRun& run : TRY(migrate_up(*s.database))) {
    if (!first_start) log_info("database_migrated", {{"step", to_line(run)}});
  }
  s.lake = TRY(open_folder_store(config.path("lake")));
  s.keys = TRY(open_local_keys(config.path("keys/master.key"), first_start));
  const std::uint64_t cache_bytes = std::min(config.cache_bytes, process_memory_max() / kCacheMemoryShare);
  if (cache_bytes < config.cache_bytes)
    log_info("cache_made_smaller", {{"bytes", str(cache_bytes)}, {"because", "this process may take little memory"}});
  s.cache = make_memory_cache(cache_bytes);
  s.http = make_http_client();
  open_engines(s, config);

  s.teams = make_team_service(s.database, s.keys, s.clock);
  s.warehouse_use = make_warehouse_use(s.database, s.clock, config.use_caps);
  s.connections = make_connection_service({.database = s.database,
                                           .credentials = s.lake,
                                           .keys = s.keys,
                                           .clock = s.clock,
                                           .drivers = s.drivers,
                                           .check_place = place_checker(s, config),
                                           .users =
                                               [services = services.get()](const CallContext& context, const Connection& connection) {
                                                 return services->dashboards->list_users_of_connection(context, connection.name);
                                               },
                                           .use = s.warehouse_use,
                                           .forget_catalog = delete_datasets_of});
  s.jobs = make_job_service(s.database, s.clock, {make_catalog_scan_job(s.database, s.clock, s.connections)});
  s.catalog = make_catalog_service(s.database, s.clock, s.connections, s.jobs);

  const QueryLimits limits{.bytes_max = config.bytes_max};
  s.queries = make_query_execution(*s.cache, s.clock);
  s.query_workers = make_query_workers();
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

  TRY(open_models(s, config));
  return services;
}

}  // namespace bridge
