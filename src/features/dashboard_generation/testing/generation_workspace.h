#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "ai_sdk/gateway/model_gateway.h"
#include "ai_sdk/testing/scripted_provider.h"
#include "features/chat/session_store.h"
#include "features/dashboard_generation/generation_adapters.h"
#include "features/dashboard_generation/generation_service.h"
#include "features/rules/rules_provider.h"
#include "platform/metadata_db/migrations.h"
#include "warehouse/driver_list.h"

namespace bridge {

// Keeps what it is sent.
class RecordingSink final : public EventSink {
 public:
  Result<> send(std::string_view event, std::string_view data, std::string_view) override {
    if (gone_after && events.size() >= *gone_after) return fail(ErrorCode::cancelled, "The client is gone");
    events.emplace_back(event, json::parse(data).as_object());
    return {};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, data] : events) names.push_back(name);
    return names;
  }
  std::string transcript() const {
    std::string text;
    for (const auto& [name, data] : events) text += str(name, " ", json::serialize(data), "\n");
    return text;
  }
  std::vector<std::pair<std::string, json::object>> events;
  std::optional<std::size_t> gone_after;
};

// All that generation stands on: real stores in memory and in a temporary folder, the real engine, a scripted model. `beside`: another
// process over the same folder and directory, with the same connection.
struct GenerationWorkspace {
  explicit GenerationWorkspace(std::vector<ScriptedTurn> turns = {}, const GenerationWorkspace* beside = nullptr)
      : database(beside ? beside->database : *open_sqlite(":memory:")),
        owns(beside == nullptr),
        provider(std::make_shared<ScriptedProvider>(std::move(turns))) {
    if (beside) {
      folder = beside->folder;
    } else {
      EXPECT_TRUE(migrate_up(*database));
      EXPECT_TRUE(database->transact({}, [](Transaction& transaction) -> Result<> {
        TRY(transaction.execute("INSERT INTO teams (id, name, slug, created_at, updated_at) VALUES ('t', 't', 't', 0, 0)", {}));
        return {};
      }));
      std::string pattern = "/tmp/bridge_generation_XXXXXX";
      folder = mkdtemp(pattern.data());
    }
    EXPECT_TRUE(blocks->add_missing_defaults({}));
    lake = *open_folder_store(folder + "/lake");
    context.caller = {.team_id = TeamId("t"), .role = Role::editor};
    connect();
    if (beside) connection_id = beside->connection_id;
    else create_connection();
    sessions = make_session_manager(make_session_store(database), lake, clock, SessionWriters::this_process);
    dashboards = make_dashboard_service({.database = *database, .store = *lake, .local = local.get(), .clock = clock});
    library = make_dashboard_library(*dashboards);
  }
  ~GenerationWorkspace() {
    dashboards.reset();
    if (owns) std::filesystem::remove_all(folder);
  }

  // As the gateway gives them out: every call is accounted for.
  static std::shared_ptr<ProviderAdapter> with_accounting(std::shared_ptr<ProviderAdapter> one) {
    return behind_gateway({std::move(one)}, {}, {.clock = make_system_clock()}).front();
  }

  void connect() {
    connections = make_connection_service({.database = database,
                                           .credentials = lake,
                                           .keys = *open_local_keys(folder + "/key", owns),
                                           .clock = clock,
                                           .drivers = make_warehouse_drivers()});
    jobs = make_job_service(database, clock, {});
    team_catalog = make_catalog_service(database, clock, connections, jobs);
    catalog = make_catalog_reader(*connections, *team_catalog);
  }

  // Three million flights and a small table.
  void create_connection() {
    std::filesystem::create_directory(folder + "/data");
    for (const char* file : {"flights-3m.parquet", "seattle-weather.csv"}) {
      std::filesystem::copy_file(str("node_modules/vega-datasets/data/", file), str(folder, "/data/", file));
    }
    const auto created =
        connections->create(context, {.name = "demo", .connection_type = "duckdb", .credentials = {{"path", Secret(folder + "/data")}}});
    EXPECT_TRUE(created) << describe_error(created.error());
    connection_id = created->id;
  }

  std::vector<DashboardMetadata> saved() { return dashboards->list(context, {})->items; }

  GenerationToolParts tool_parts() {
    return {.catalog = *catalog, .library = *library, .local = *local, .ledger = ledger, .clock = *clock, .cap_bytes = cap_bytes};
  }

  std::unique_ptr<GenerationService> service() {
    return *make_generation_service({.tools = tool_parts(), .providers = providers, .sessions = *sessions, .prompt_blocks = *blocks});
  }

  // One tool, called as the orchestrator calls it.
  Result<json::object> call(std::string_view tool, const json::object& arguments) {
    ToolRegistry tools = *make_generation_tools(tool_parts());
    return (*tools.get_tool(tool))->execute({.call = context, .session_id = SessionId("s"), .connection_id = connection_id}, arguments);
  }

  std::shared_ptr<Clock> clock = std::make_shared<FixedClock>(*parse_time("2026-08-01T10:00:00Z"));
  std::shared_ptr<Database> database;
  std::unique_ptr<PromptBlockService> blocks = make_prompt_block_service(database, clock);
  bool owns = true;
  std::string folder;
  std::shared_ptr<ObjectStore> lake;
  std::unique_ptr<SessionManager> sessions;
  std::shared_ptr<ConnectionService> connections;
  std::shared_ptr<JobService> jobs;
  std::shared_ptr<CatalogService> team_catalog;
  std::unique_ptr<CatalogReader> catalog;
  ConnectionId connection_id;
  std::shared_ptr<LocalQueryEngine> local = make_local_query_engine();
  std::unique_ptr<DashboardService> dashboards;
  std::unique_ptr<DashboardLibrary> library;
  DryRunLedger ledger;
  std::uint64_t cap_bytes = 100'000'000;
  std::shared_ptr<ScriptedProvider> provider;
  ProviderFactory providers{{with_accounting(provider), with_accounting(make_rules_provider())}, "scripted"};
  CallContext context;
};

inline constexpr std::string_view kTrendSql =
    "SELECT date_trunc('day', date) AS day, count(*) AS flights FROM flights_3m WHERE filter(:period, date) GROUP BY 1 ORDER BY 1";
inline json::object trend_params() { return {{"period", json::object{{"type", "date_range"}, {"default", "2001-01-01..2001-03-31"}}}}; }
// `extra` goes into the chart's braces.
inline std::string trend_yaml(std::string_view sql = kTrendSql, std::string_view extra = "") {
  return str(
      "bridge: 1\nslug: flights-by-day\ntitle: Flights by day\nconnection: demo\nparams:\n  period: {type: date_range, default: "
      "2001-01-01..2001-03-31}\nqueries:\n  by_day:\n    sql: |\n      ",
      sql, "\ncharts:\n  trend: {query: by_day, mark: line, title: Flights by day, x: day, y: flights", extra,
      "}\nlayout:\n  - row: [{chart: trend, w: 12}]\n    h: 6\ntheme: mono\n");
}

}  // namespace bridge
