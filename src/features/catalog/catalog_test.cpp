#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "base/testing/patience.h"
#include "base/testing/replacing_policy.h"
#include "features/catalog/catalog_endpoints.h"
#include "features/catalog/catalog_service.h"
#include "features/catalog/fresh_values.h"
#include "features/catalog/limits.h"
#include "features/teams/team.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"
#include "warehouse/driver_list.h"
#include "warehouse/testing/unruly_warehouse.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

struct Workspace {
  std::string folder;
  std::shared_ptr<Database> database;
  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(*parse_time("2026-08-01T10:00:00Z"));
  std::shared_ptr<ConnectionService> connections;
  std::shared_ptr<JobService> jobs;
  std::shared_ptr<CatalogService> catalog;
  ConnectionId connection;

  explicit Workspace(std::vector<std::shared_ptr<WarehouseDriver>> more_drivers = {}) {
    auto drivers = make_warehouse_drivers();
    drivers.insert(drivers.end(), more_drivers.begin(), more_drivers.end());
    std::string pattern = "/tmp/bridge_catalog_XXXXXX";
    folder = mkdtemp(pattern.data());
    std::filesystem::create_directories(folder + "/data");
    std::ofstream(folder + "/data/sales.csv") << "city,amount,sold_on\nRome,1.5,2026-01-01\nOslo,2.5,2026-01-02\nRome,,2026-01-03\n";
    std::ofstream(folder + "/data/Big Stores.csv") << "store,city\n1,Rome\n";
    database = *open_sqlite(":memory:");
    EXPECT_TRUE(migrate_up(*database).has_value());
    (void)database->transact({}, [](Transaction& transaction) -> Result<> {
      for (const char* id : {"a", "b"}) TRY(insert_row(transaction, "teams", Team{.id = TeamId(id), .name = id, .slug = id}));
      return {};
    });
    connections = make_connection_service({.database = database,
                                           .credentials = *open_folder_store(folder + "/lake"),
                                           .keys = *open_local_keys(folder + "/key", true),
                                           .clock = clock,
                                           .drivers = drivers});
    jobs = make_job_service(database, clock, {make_catalog_scan_job(database, clock, connections)});
    catalog = make_catalog_service(database, clock, connections, jobs);
    EXPECT_TRUE(jobs->start());
    connection =
        connections
            ->create(in_team("a"), {.name = "sales", .connection_type = "duckdb", .credentials = {{"path", Secret(folder + "/data")}}})
            ->id;
  }
  ~Workspace() {
    jobs->stop();
    std::filesystem::remove_all(folder);
  }

  static CallContext in_team(const char* team) { return {.caller = {.team_id = TeamId(team), .role = Role::editor}}; }

  Dataset discovered() const {
    const auto datasets = catalog->discover(in_team("a"), connection);
    EXPECT_TRUE(datasets.has_value()) << datasets.error().message;
    return datasets->front();
  }
  Job scanned(const Dataset& dataset, std::chrono::seconds patience = 10s) const {
    const auto job = catalog->scan(in_team("a"), dataset.id);
    EXPECT_TRUE(job.has_value()) << job.error().message;
    for (int i = 0; i < 200 * patience.count(); ++i) {
      const auto now = jobs->get(in_team("a"), job->id);
      if (now && now->finished_at) return *now;
      std::this_thread::sleep_for(5ms);
    }
    ADD_FAILURE() << "the scan did not end";
    return {};
  }
  std::vector<CatalogTable> tables(const Dataset& dataset) const { return *catalog->list_table_records(in_team("a"), dataset.id, {}); }
  Result<Response> call(Method method, std::string_view path, const Request& request) const {
    for (const Route& route : catalog_routes(*catalog)) {
      if (route.method == method && route.path == path) return route.handler(request);
    }
    return fail(ErrorCode::internal, "no such route");
  }
};

TEST(CatalogService, DiscoversScansAndDescribesARealFolder) {
  const Workspace workspace;
  const Dataset dataset = workspace.discovered();
  EXPECT_EQ(dataset.table_count, 2);
  EXPECT_EQ(dataset.catalog_job_status, ScanStatus::pending);
  EXPECT_TRUE(workspace.tables(dataset).empty());
  const Job job = workspace.scanned(dataset);
  ASSERT_EQ(job.status, JobStatus::completed) << job.error.value_or("");
  EXPECT_EQ(job.detail.at("tables").to_number<int>(), 2);
  EXPECT_EQ(job.progress, 1);
  const auto after = workspace.catalog->list_dataset_records(Workspace::in_team("a"), workspace.connection, {});
  EXPECT_EQ(after->front().catalog_job_status, ScanStatus::completed);
  EXPECT_EQ(after->front().last_scanned_at, workspace.clock->now());
  const auto tables = workspace.tables(dataset);
  ASSERT_EQ(tables.size(), 2u);
  const auto sales = std::ranges::find(tables, "sales", &CatalogTable::name);
  ASSERT_NE(sales, tables.end());
  EXPECT_EQ(sales->row_count, 3);
  EXPECT_GT(sales->size_bytes, 0);
  EXPECT_EQ(sales->fully_qualified_name, dataset.name + ".sales");
  const auto schema = workspace.catalog->get_schema(Workspace::in_team("a"), sales->id);
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  ASSERT_EQ(schema->columns.size(), 3u);
  EXPECT_EQ(schema->dialect, "duckdb");
  EXPECT_EQ(schema->columns[0].name, "city");
  EXPECT_EQ(schema->columns[0].statistics.distinct_count, 2);
  EXPECT_EQ(schema->columns[2].type, ColumnType::date);
}

TEST(CatalogService, KeepsIdsAndForgetsWhatIsGone) {
  const Workspace workspace;
  const Dataset dataset = workspace.discovered();
  workspace.scanned(dataset);
  const auto before = workspace.tables(dataset);
  std::filesystem::remove(workspace.folder + "/data/Big Stores.csv");
  workspace.clock->advance(-24h);        // the clock of the machine was set back
  std::this_thread::sleep_for(2'100ms);  // the driver looks at the files again after a while
  EXPECT_EQ(workspace.discovered().id, dataset.id);
  ASSERT_EQ(workspace.scanned(dataset).status, JobStatus::completed);
  const auto after = workspace.tables(dataset);
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after.front().name, "sales");
  EXPECT_TRUE(std::ranges::find(before, after.front().id, &CatalogTable::id) != before.end());
}

TEST(CatalogService, ReadsTheWarehouseWhenThereWasNoScan) {
  const Workspace workspace;
  const CallContext context = Workspace::in_team("a");
  const auto datasets = workspace.catalog->list_datasets(context, workspace.connection);
  ASSERT_TRUE(datasets.has_value() && datasets->size() == 1);
  const std::string dataset = datasets->front().name;
  const auto live = workspace.catalog->list_tables(context, workspace.connection, dataset, 100);
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(live->size(), 2u);
  workspace.scanned(workspace.discovered());
  const auto scanned = workspace.catalog->list_tables(context, workspace.connection, dataset, 100);
  EXPECT_EQ(to_json_text(*scanned).size(), to_json_text(*live).size());
  const auto by_name = workspace.catalog->get_table(context, workspace.connection, dataset + ".sales");
  ASSERT_TRUE(by_name.has_value()) << by_name.error().message;
  EXPECT_EQ(to_json_text(*workspace.catalog->get_table(context, workspace.connection, by_name->sql_name)), to_json_text(*by_name));
  const auto unknown = workspace.catalog->get_table(context, workspace.connection, by_name->sql_name + "z");
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_EQ(unknown.error().violations.front().suggestion, by_name->sql_name);
  EXPECT_EQ(workspace.catalog->list_tables(context, workspace.connection, "none", 100).error().code, ErrorCode::not_found);
}

TEST(CatalogService, SaysThatAScanFailedAndWhy) {
  const Workspace workspace;
  const Dataset dataset = workspace.discovered();
  std::filesystem::remove_all(workspace.folder + "/data");
  ASSERT_TRUE(workspace.connections->test(Workspace::in_team("a"), workspace.connection).has_value());  // closes the open one
  const Job job = workspace.scanned(dataset);
  EXPECT_EQ(job.status, JobStatus::failed);
  EXPECT_FALSE(job.error->empty());
  EXPECT_EQ(workspace.catalog->list_dataset_records(Workspace::in_team("a"), workspace.connection, {})->front().catalog_job_status,
            ScanStatus::failed);
  EXPECT_FALSE(workspace.catalog->discover(Workspace::in_team("a"), workspace.connection).has_value());
}

TEST(CatalogService, StartsOneScanOfADatasetAtATime) {
  const Workspace workspace;
  const Dataset dataset = workspace.discovered();
  workspace.jobs->stop();
  const auto first = workspace.catalog->scan(Workspace::in_team("a"), dataset.id),
             second = workspace.catalog->scan(Workspace::in_team("a"), dataset.id);
  EXPECT_EQ(first->id, second->id);
  ASSERT_TRUE(workspace.jobs->cancel(Workspace::in_team("a"), first->id).has_value());
  EXPECT_EQ(workspace.catalog->list_dataset_records(Workspace::in_team("a"), workspace.connection, {})->front().catalog_job_status,
            ScanStatus::failed);
  EXPECT_NE(workspace.catalog->scan(Workspace::in_team("a"), dataset.id)->id, first->id);
}

TEST(CatalogService, SearchesTablesAndColumnsByNameBestFirst) {
  const Workspace workspace;
  workspace.scanned(workspace.discovered());
  const auto names = [&](std::string_view text, int limit = 100) {
    std::vector<std::string> out;
    const auto hits = workspace.catalog->search(Workspace::in_team("a"), text, {}, limit);
    EXPECT_TRUE(hits.has_value());
    for (const SearchHit& hit : *hits) out.push_back(hit.column ? hit.table + "." + *hit.column : hit.table);
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("SALES").front(), "sales");
  EXPECT_EQ(names("city"), (Names{"Big_Stores.city", "sales.city"}));
  EXPECT_EQ(names("city", 1), (Names{"Big_Stores.city"}));
  EXPECT_EQ(names("store").front(), "Big_Stores.store");
  EXPECT_EQ(names("sold_on"), (Names{"sales.sold_on"}));
  EXPECT_TRUE(names("%").empty());
  EXPECT_TRUE(names("soldXon").empty());
  EXPECT_TRUE(names("'; DROP TABLE tables; --").empty());
  EXPECT_EQ(workspace.catalog->search(Workspace::in_team("a"), " ", {}, 10).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(workspace.catalog->search(Workspace::in_team("a"), std::string(201, 'x'), {}, 10).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(workspace.catalog->search(Workspace::in_team("b"), "sales", {}, 10)->empty());
}

TEST(CatalogService, ShowsAnotherTeamNothing) {
  const Workspace workspace;
  const CallContext theirs = Workspace::in_team("b");
  const Dataset dataset = workspace.discovered();
  workspace.scanned(dataset);
  const TableInfo table = workspace.catalog->list_tables(Workspace::in_team("a"), workspace.connection, dataset.name, 100)->front();
  (void)workspace.catalog->column_statistics(Workspace::in_team("a"), workspace.connection, table);
  EXPECT_EQ(workspace.catalog->discover(theirs, workspace.connection).error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.catalog->list_datasets(theirs, workspace.connection).error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.catalog->list_tables(theirs, workspace.connection, dataset.name, 100).error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.catalog->column_statistics(theirs, workspace.connection, table).error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.catalog->get_table(theirs, workspace.connection, table.sql_name).error().code, ErrorCode::not_found);
}

// ---- an engine that misbehaves ------------------------------------------------------------------------------------

// A connection to an engine of a test's own, beside the real one.
struct UnrulyWorkspace {
  std::shared_ptr<UnrulyEngine> engine = std::make_shared<UnrulyEngine>();
  Workspace workspace{{std::make_shared<UnrulyDriver>(engine)}};
  ConnectionId connection =
      workspace.connections
          ->create(Workspace::in_team("a"), {.name = "unruly", .connection_type = "unruly", .credentials = {{"place", Secret("here")}}})
          ->id;

  Dataset discovered() const {
    const auto datasets = workspace.catalog->discover(Workspace::in_team("a"), connection);
    EXPECT_TRUE(datasets.has_value()) << datasets.error().message;
    return datasets->front();
  }
};

TEST(CatalogScan, ReadsTenThousandTablesAPageAtATime) {
  UnrulyWorkspace stage;
  stage.engine->tables.clear();
  for (int i = 0; i < 10'000; ++i) {
    stage.engine->tables.push_back({.dataset = "main",
                                    .name = str("t", i),
                                    .sql_name = str("t", i),
                                    .type = i == 0 ? TableType::materialized_view : TableType::external,
                                    .row_count = 1,
                                    .columns = {{.name = "n", .type = ColumnType::integer}}});
  }
  const Dataset dataset = stage.discovered();
  EXPECT_EQ(dataset.location, "nowhere");
  const Job job = stage.workspace.scanned(dataset, kPatience * 60s);
  ASSERT_EQ(job.status, JobStatus::completed) << job.error.value_or("");
  EXPECT_EQ(job.detail.at("tables").to_number<int>(), 10'000);
  EXPECT_EQ(job.detail.at("row_count").to_number<int>(), 10'000);
  EXPECT_EQ(stage.engine->described_at_once_max, kTablesScannedAtOnce) << "what is held at once does not grow with the dataset";
  EXPECT_EQ(stage.engine->count("list_tables"), 1);
  EXPECT_EQ(stage.engine->count("describe_tables"), 10'000 / static_cast<int>(kTablesScannedAtOnce)) << "each table is described once";
  const auto first = stage.workspace.catalog->list_tables(Workspace::in_team("a"), stage.connection, "main", 3);
  ASSERT_TRUE(first.has_value());
  ASSERT_EQ(first->size(), 3u);
  EXPECT_EQ(first->at(0).type, TableType::materialized_view);
  EXPECT_EQ(first->at(1).type, TableType::external);
  EXPECT_EQ(stage.workspace.catalog->get_table(Workspace::in_team("a"), stage.connection, "main.t9999")->columns.size(), 1u);
}

TEST(CatalogService, DescribesNoMoreOfALargeDatasetThanIsAskedFor) {
  UnrulyWorkspace stage;
  for (int i = 0; i < 1'000; ++i) stage.engine->tables.push_back({.dataset = "main", .name = str("t", i), .sql_name = str("t", i)});
  const auto some = stage.workspace.catalog->list_tables(Workspace::in_team("a"), stage.connection, "main", 10);
  ASSERT_TRUE(some.has_value());
  EXPECT_EQ(some->size(), 10u);
  EXPECT_EQ(stage.engine->count("describe_tables"), 1);
  EXPECT_EQ(stage.workspace.catalog->get_table(Workspace::in_team("a"), stage.connection, "main.t999")->table, "t999");
  EXPECT_EQ(stage.engine->count("describe_tables"), 2) << "the page that it is on";
  const auto none = stage.workspace.catalog->get_table(Workspace::in_team("a"), stage.connection, "main.t99x");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().reason, "unknown_table");
  EXPECT_EQ(stage.engine->count("list_tables"), 1);
}

TEST(CatalogService, KnowsATableOfTwoThousandColumnsWithNamesOfAnyCharacter) {
  UnrulyWorkspace stage;
  TableInfo table{.dataset = "main", .name = "a \"b\"; 名前 %_\\ '", .sql_name = "\"a \"\"b\"\"; 名前 %_\\ '\""};
  for (int i = 0; i < 2'000; ++i) table.columns.push_back({.name = str("column ", i, " \"ä\n'")});
  stage.engine->tables = {table};
  const Dataset dataset = stage.discovered();
  for (const bool is_scanned : {false, true}) {
    if (is_scanned) {
      ASSERT_EQ(stage.workspace.scanned(dataset).status, JobStatus::completed);
    }
    const auto schema = stage.workspace.catalog->get_table(Workspace::in_team("a"), stage.connection, table.sql_name);
    ASSERT_TRUE(schema.has_value()) << is_scanned << ": " << describe_error(schema.error());
    EXPECT_EQ(schema->columns.size(), 2'000u);
    EXPECT_EQ(schema->columns[7].name, table.columns[7].name);
  }
}

TEST(CatalogService, EndsWithOneErrorWhateverTheEngineDoesAndAnswersAfterIt) {
  for (const std::string call : {"open", "list_datasets", "list_tables", "describe_tables", "column_statistics"}) {
    for (const Misbehaviour what : {Misbehaviour::hangs, Misbehaviour::throws, Misbehaviour::throws_bad_alloc, Misbehaviour::fails}) {
      UnrulyWorkspace stage;
      stage.engine->let(call, what);
      const CallContext context = Workspace::in_team("a").with_timeout(kPatience * 200ms);
      const auto schema = stage.workspace.catalog->get_table(context, stage.connection, "sales");
      if (call == "column_statistics" && what != Misbehaviour::hangs) {
        ASSERT_TRUE(schema.has_value()) << "a schema without statistics is better than none";
        EXPECT_FALSE(schema->columns[0].statistics.distinct_count);
      } else {
        ASSERT_FALSE(schema.has_value()) << call;
        EXPECT_FALSE(schema.error().message.empty()) << call;
      }
      EXPECT_EQ(stage.engine->count(call), 1) << call << ": nothing is done twice";
      EXPECT_TRUE(stage.workspace.catalog->get_table(Workspace::in_team("a"), stage.workspace.connection, "sales").has_value())
          << call << ": another connection is not touched";
      stage.engine->let(call, Misbehaviour::none);
      const auto after = stage.workspace.catalog->get_table(Workspace::in_team("a"), stage.connection, "sales");
      ASSERT_TRUE(after.has_value()) << call << ": " << describe_error(after.error());
      EXPECT_EQ(after->columns[0].statistics.distinct_count, 1) << call;
    }
  }
}

TEST(CatalogScan, OfAnEngineThatFailsHalfWayIsAFailedJobAndKeepsWhatWasKnown) {
  UnrulyWorkspace stage;
  const Dataset dataset = stage.discovered();
  ASSERT_EQ(stage.workspace.scanned(dataset).status, JobStatus::completed);
  for (const Misbehaviour what : {Misbehaviour::throws, Misbehaviour::fails}) {
    stage.engine->let("describe_tables", what);
    const Job job = stage.workspace.scanned(dataset);
    EXPECT_EQ(job.status, JobStatus::failed);
    EXPECT_FALSE(job.error.value_or("").empty());
    EXPECT_EQ(stage.workspace.tables(dataset).size(), 1u) << "what an earlier scan wrote down stays";
  }
}

TEST(CatalogService, TellsWhoHasAPolicyNoValuesThatOthersWereTold) {
  const Workspace workspace;
  const auto all = workspace.catalog->get_table(Workspace::in_team("a"), workspace.connection, "sales");
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->columns[0].statistics.distinct_count, 2);
  CallContext limited = Workspace::in_team("a");
  limited.caller.policy = policy_of("north");
  const auto part = workspace.catalog->get_table(limited, workspace.connection, "sales");
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->columns.size(), 3u);
  EXPECT_FALSE(part->columns[0].statistics.distinct_count);
  EXPECT_TRUE(part->columns[0].statistics.top_values.empty());
}

TEST(CatalogEndpoints, AnswerAnotherTeamsThingsAsOnesThatDoNotExist) {
  const Workspace workspace;
  const Dataset dataset = workspace.discovered();
  workspace.scanned(dataset);
  const std::string table = workspace.tables(dataset).front().id.value();
  const CallContext theirs = Workspace::in_team("b");
  const auto problem = [](const Result<Response>& response) {
    return response ? "an answer" : json::serialize(problem_json(response.error(), "c"));
  };
  const auto by_path = [&](std::string_view path, const std::string& name, const std::string& id) {
    return problem(workspace.call(Method::get, path, {.path_parameters = {{name, id}}, .context = theirs}));
  };
  constexpr std::string_view tables = "/v1/onboarding/catalog/datasets/{dataset_id}/tables",
                             schema = "/v1/onboarding/catalog/tables/{table_id}/schema";
  EXPECT_EQ(by_path(tables, "dataset_id", dataset.id.value()), by_path(tables, "dataset_id", make_uuid()));
  EXPECT_EQ(by_path(schema, "table_id", table), by_path(schema, "table_id", make_uuid()));
  const auto by_query = [&](Method method, std::string_view path, const std::string& id) {
    return problem(workspace.call(method, path, {.query = {{"connection_id", id}}, .context = theirs}));
  };
  EXPECT_EQ(by_query(Method::get, "/v1/onboarding/catalog/datasets", workspace.connection.value()),
            by_query(Method::get, "/v1/onboarding/catalog/datasets", make_uuid()));
  EXPECT_EQ(by_query(Method::post, "/v1/onboarding/catalog/discover", workspace.connection.value()),
            by_query(Method::post, "/v1/onboarding/catalog/discover", make_uuid()));
  const auto scan = [&](const std::string& id) {
    return problem(
        workspace.call(Method::post, "/v1/onboarding/catalog/scan",
                       {.headers = {{"content-type", "application/json"}}, .body = R"({"dataset_id":")" + id + "\"}", .context = theirs}));
  };
  EXPECT_EQ(scan(dataset.id.value()), scan(make_uuid()));
}

TEST(CatalogEndpoints, SpeakTheWireOfTheContract) {
  const Workspace workspace;
  const Request by_connection{.query = {{"connection_id", workspace.connection.value()}}, .context = Workspace::in_team("a")};
  const json::value found = json::parse(*workspace.call(Method::post, "/v1/onboarding/catalog/discover", by_connection)->body.front());
  const std::string dataset = found.at("items").at(0).at("id").as_string().c_str();
  const auto scan = workspace.call(Method::post, "/v1/onboarding/catalog/scan",
                                   {.headers = {{"content-type", "application/json"}},
                                    .body = R"({"dataset_id":")" + dataset + "\"}",
                                    .context = Workspace::in_team("a")});
  ASSERT_TRUE(scan.has_value());
  EXPECT_EQ(scan->status, 202);
  EXPECT_EQ(json::parse(*scan->body.front()).at("kind"), "catalog_scan");
  for (const char* body : {"{}", R"({"dataset_id":1})", R"({"dataset_id":{"select":1}})", R"({"dataset_id":"x","team_id":"b"})"}) {
    EXPECT_EQ(workspace
                  .call(Method::post, "/v1/onboarding/catalog/scan",
                        {.headers = {{"content-type", "application/json"}}, .body = body, .context = Workspace::in_team("a")})
                  .error()
                  .code,
              ErrorCode::invalid_argument)
        << body;
  }
  EXPECT_EQ(workspace.call(Method::get, "/v1/onboarding/catalog/datasets", {.context = Workspace::in_team("a")}).error().code,
            ErrorCode::invalid_argument);
  workspace.scanned(workspace.discovered());
  const auto tables = workspace.call(Method::get, "/v1/onboarding/catalog/datasets/{dataset_id}/tables",
                                     {.path_parameters = {{"dataset_id", dataset}}, .context = Workspace::in_team("a")});
  const json::value table = json::parse(*tables->body.front()).at("items").at(0);
  const auto schema =
      workspace.call(Method::get, "/v1/onboarding/catalog/tables/{table_id}/schema",
                     {.path_parameters = {{"table_id", table.at("id").as_string().c_str()}}, .context = Workspace::in_team("a")});
  const json::object described = json::parse(*schema->body.front()).as_object();
  for (const char* field : {"table", "sql_name", "dataset", "row_count", "size_bytes", "dialect", "columns"})
    EXPECT_TRUE(described.contains(field)) << field;
  const json::object column = described.at("columns").at(0).as_object();
  for (const char* field : {"name", "type", "nullable", "description", "statistics"}) EXPECT_TRUE(column.contains(field)) << field;
  for (const char* field : {"distinct_count", "null_fraction", "min", "max", "average", "top_values", "exact"})
    EXPECT_TRUE(column.at("statistics").as_object().contains(field)) << field;
}

TEST(FreshValues, AreMadeOnceUntilTheyAreOldAndFailuresAreTriedAgain) {
  FreshValues<int> values(30ms, 2);
  int made = 0;
  const auto make = [&]() -> Result<int> { return ++made; };
  EXPECT_EQ(**values.get({}, "a", make), 1);
  EXPECT_EQ(**values.get({}, "a", make), 1);
  EXPECT_FALSE(values.get({}, "b", []() -> Result<int> { return fail(ErrorCode::unavailable, "away"); }).has_value());
  EXPECT_EQ(**values.get({}, "b", make), 2);
  std::this_thread::sleep_for(35ms);
  EXPECT_EQ(**values.get({}, "a", make), 3);
  values.erase_prefix("a");
  EXPECT_EQ(**values.get({}, "a", make), 4);
  for (int i = 0; i < 10; ++i) (void)values.get({}, str(i), make);  // bounded: nothing to see but that it goes on
  std::atomic<int> concurrent = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        (void)values.get({}, "slow", [&]() -> Result<int> {
          std::this_thread::sleep_for(5ms);
          return ++concurrent;
        });
      });
    }
  }
  EXPECT_EQ(concurrent, 1);
}

TEST(FreshValues, WhoWaitsForAnothersDoesSoNoLongerThanTheirDeadlineAndWhatThrewIsMadeAnew) {
  FreshValues<int> values(1h, 10);
  std::atomic<bool> hangs = true;
  std::atomic<bool> begun = false;
  std::jthread maker([&] {
    (void)values.get({}, "a", [&]() -> Result<int> {
      begun = true;
      while (hangs) std::this_thread::sleep_for(1ms);
      throw std::runtime_error("broken");
    });
  });
  while (!begun) std::this_thread::sleep_for(1ms);
  const auto make = []() -> Result<int> { return 7; };
  EXPECT_EQ(values.get(CallContext().with_timeout(30ms), "a", make).error().code, ErrorCode::deadline_exceeded);
  hangs = false;
  maker.join();
  EXPECT_EQ(**values.get({}, "a", make), 7);
}

TEST(FreshValues, WhatWasBegunBeforeAnErasureIsNotKept) {
  FreshValues<int> values(1h, 10);
  EXPECT_EQ(**values.get({}, "a",
                         [&]() -> Result<int> {
                           values.erase_prefix("a");
                           return 1;
                         }),
            1);
  EXPECT_EQ(**values.get({}, "a", []() -> Result<int> { return 2; }), 2);
}

}  // namespace
}  // namespace bridge
