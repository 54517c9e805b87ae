#include "features/dashboard_serving/data_service.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/testing/replacing_policy.h"
#include "features/dashboard_serving/data_endpoints.h"
#include "features/dashboard_serving/refresher.h"
#include "warehouse/driver_list.h"

namespace bridge {
namespace {

constexpr std::string_view kWeather = R"(bridge: 1
slug: weather
title: Weather
connection: warehouse
params:
  period: {type: date_range, default: all}
  place: {type: enum, multiple: true, default: all}
queries:
  rain:
    sql: SELECT location, count(*) AS days, sum(precipitation) AS rain FROM weather WHERE filter(:period, date) AND filter(:place, location) GROUP BY 1 ORDER BY 1
  wettest: {from: [rain], sql: SELECT location FROM rain ORDER BY rain DESC LIMIT 1}
  sad: {sql: "SELECT CAST(location AS INTEGER) AS x FROM weather"}
  after_sad: {from: [sad], sql: SELECT count(*) AS n FROM sad}
charts:
  a: {query: rain, mark: bar, x: location, y: days}
  b: {query: wettest, mark: table}
  c: {query: after_sad, mark: table}
)";

// One dashboard over the real engine; everything around it is real too, but for where it is kept.
class Workspace final : public PlanSource, public DataConnectionSource {
 public:
  explicit Workspace(std::string_view yaml = kWeather, const std::string& path = "node_modules/vega-datasets/data/weather.csv") {
    plan_ = std::make_shared<const Plan>(*compile_dashboard(*parse_document(yaml)));
    const auto driver = make_warehouse_drivers().front();
    warehouse_ = *driver->open({}, {{"path", Secret(path)}});
    data_version_ = driver->data_version({{"path", Secret(path)}});
  }

  Result<std::shared_ptr<const Plan>> get_plan(const CallContext&, std::string_view slug) override {
    if (slug != "weather") return fail(ErrorCode::not_found, "There is no such dashboard");
    ++plans_read;
    return plan_;
  }
  void count_view(const TeamScope&, std::string_view) override { ++views; }
  std::uint64_t change_count() const override { return changes; }
  std::optional<std::string> find_known_connection(const TeamScope&, std::string_view) override { return plan_->connection; }
  Result<DataConnection> find_connection(const CallContext&, std::string_view) override {
    return DataConnection{.key = "c1",
                          .dialect = &warehouse_->dialect(),
                          .limits = limits,
                          .open = [this](const CallContext&) -> Result<std::shared_ptr<Warehouse>> {
                            if (++opens == throw_at_open) throw std::bad_alloc();
                            return warehouse_;
                          },
                          .data_version = [this](const CallContext&) { return std::optional(*data_version_()); }};
  }

  Result<std::vector<QueryOutcome>> run(DataRequest request = {.slug = "weather", .parameters = {}, .only = {}}) {
    return service->run(context(), request);
  }
  static CallContext context() {
    CallContext context;
    context.caller.team_id = TeamId("team");
    context.caller.role = Role::editor;
    return context;
  }

  QueryLimits limits;
  std::atomic<int> views{0};
  std::atomic<int> plans_read{0};
  std::atomic<int> opens{0};
  int throw_at_open = 0;
  std::atomic<std::uint64_t> changes{1};
  std::shared_ptr<const Clock> clock = make_system_clock();
  std::shared_ptr<ByteCache> cache = make_memory_cache(8 << 20);
  std::unique_ptr<QueryExecution> queries = make_query_execution(*cache, clock);
  std::shared_ptr<LocalQueryEngine> local = make_local_query_engine();
  std::unique_ptr<WorkerPool> workers = make_query_workers(2);
  std::unique_ptr<DashboardDataService> service = make_data_service({*this, *this, *queries, *local, *workers, *clock});

 private:
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<Warehouse> warehouse_;
  DataVersion data_version_;
};

// A CSV file that a test writes anew; each time it is looked at again.
class ChangingFile {
 public:
  explicit ChangingFile(std::string_view text) {
    std::string pattern = "/tmp/bridge_changing_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    write(text);
  }
  ~ChangingFile() { std::filesystem::remove_all(folder_); }
  void write(std::string_view text) const {
    std::ofstream(path()) << text;
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
  }
  std::string path() const { return folder_ + "/sales.csv"; }

 private:
  std::string folder_;
};

const Result<QueryAnswer>& answer_of(const std::vector<QueryOutcome>& outcomes, std::string_view id) {
  for (const QueryOutcome& outcome : outcomes) {
    if (outcome.id == id) return outcome.answer;
  }
  static const Result<QueryAnswer> none = fail(ErrorCode::not_found, "no such outcome");
  return none;
}

TEST(DashboardData, EachQueryHasItsAnswerOrItsOwnError) {
  Workspace workspace;
  const auto outcomes = workspace.run();
  ASSERT_TRUE(outcomes.has_value()) << outcomes.error().message;
  ASSERT_TRUE(answer_of(*outcomes, "rain").has_value());
  EXPECT_TRUE(answer_of(*outcomes, "rain")->data->find(R"(["New York",1461,)") != std::string::npos) << *answer_of(*outcomes, "rain")->data;
  ASSERT_TRUE(answer_of(*outcomes, "wettest").has_value()) << answer_of(*outcomes, "wettest").error().message;
  EXPECT_EQ(answer_of(*outcomes, "wettest")->row_count, 1u);
  EXPECT_FALSE(answer_of(*outcomes, "sad").has_value());
  EXPECT_EQ(answer_of(*outcomes, "after_sad").error().reason, "dependency_failed");
}

TEST(DashboardData, AQueryThatThrowsFailsAloneAndTheNextViewTriesAnew) {
  for (int at = 1; at <= 4; ++at) {
    Workspace workspace;
    workspace.throw_at_open = at;
    const auto outcomes = workspace.run();
    ASSERT_TRUE(outcomes.has_value());
    const auto failed = std::ranges::count_if(
        *outcomes, [](const QueryOutcome& outcome) { return !outcome.answer && reason_of(outcome.answer.error()) == "out_of_memory"; });
    EXPECT_EQ(failed, 1) << at;
    const auto again = workspace.run();
    ASSERT_TRUE(again.has_value());
    EXPECT_TRUE(answer_of(*again, "rain").has_value()) << at;
    EXPECT_TRUE(answer_of(*again, "wettest").has_value()) << at;
  }
}

TEST(DashboardData, ASecondViewComesFromTheCacheAlsoForQueriesOverAnswers) {
  Workspace workspace;
  ASSERT_TRUE(workspace.run().has_value());
  const int opened = workspace.opens;
  const auto again = workspace.run({.slug = "weather", .parameters = {}, .only = {"wettest"}});
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(answer_of(*again, "wettest")->cache, CacheState::hit);
  EXPECT_EQ(workspace.opens, opened) << "a cached view does not open the warehouse";
}

TEST(DashboardData, ParametersFilterAndAreBoundAsValues) {
  Workspace workspace;
  const auto seattle =
      workspace.run({.slug = "weather", .parameters = {{"place", "Seattle"}, {"period", "2012-06-01..2012-06-30"}}, .only = {"rain"}});
  ASSERT_TRUE(seattle.has_value());
  EXPECT_NE(answer_of(*seattle, "rain")->data->find(R"([["Seattle",30,)"), std::string::npos);
  const auto hostile = workspace.run({.slug = "weather", .parameters = {{"place", "x' OR '1'='1"}}, .only = {"rain"}});
  EXPECT_EQ(answer_of(*hostile, "rain")->row_count, 0u);
  EXPECT_EQ(workspace.run({.slug = "weather", .parameters = {{"plcae", "x"}}, .only = {}}).error().code, ErrorCode::invalid_argument);
}

TEST(DashboardData, AQueryOverAnAnswerThatIsShownCutReadsAllOfIt) {
  Workspace workspace(R"(bridge: 1
slug: weather
title: Weather
connection: warehouse
policy: {max_rows: 10}
queries:
  days: {sql: "SELECT date, location, precipitation FROM weather ORDER BY date"}
  same: {from: [days], sql: SELECT * FROM days}
  count: {from: [same], sql: "SELECT count(*) AS n, sum(precipitation) AS rain FROM same"}
charts:
  a: {query: days, mark: table}
  b: {query: count, mark: kpi, y: n}
)");
  const auto outcomes = workspace.run();
  EXPECT_EQ(answer_of(*outcomes, "days")->row_count, 10u);
  EXPECT_TRUE(answer_of(*outcomes, "days")->truncated);
  EXPECT_TRUE(answer_of(*outcomes, "same")->truncated);
  ASSERT_TRUE(answer_of(*outcomes, "count").has_value()) << answer_of(*outcomes, "count").error().message;
  EXPECT_NE(answer_of(*outcomes, "count")->data->find("[[2922,"), std::string::npos) << *answer_of(*outcomes, "count")->data;
  EXPECT_FALSE(answer_of(*outcomes, "count")->truncated);
  EXPECT_EQ(answer_of(*workspace.run(), "count")->cache, CacheState::hit);
}

TEST(DashboardData, AQueryOverAnAnswerThatIsTooLongToReadWholeIsRefused) {
  Workspace workspace(R"(bridge: 1
slug: weather
title: Weather
connection: warehouse
queries:
  many: {sql: "SELECT a.date, b.wind FROM weather AS a, weather AS b"}
  count: {from: [many], sql: SELECT count(*) AS n FROM many}
charts:
  a: {query: count, mark: kpi, y: n}
)");
  const auto outcomes = workspace.run({.slug = "weather", .parameters = {}, .only = {"count"}});
  EXPECT_EQ(answer_of(*outcomes, "count").error().reason, "dependency_cut");
  EXPECT_TRUE(answer_of(*outcomes, "count").error().message.contains("'many'")) << answer_of(*outcomes, "count").error().message;
}

TEST(DashboardData, NumbersKeepEveryDigitThroughQueriesOverAnswers) {
  Workspace workspace(R"yaml(bridge: 1
slug: weather
title: Digits
connection: warehouse
queries:
  digits:
    sql: >
      SELECT * FROM (VALUES (90000000000000000001::HUGEINT, 532811.58::DECIMAL(18, 2), 0.1234567891::DECIMAL(38, 10)),
      (12345678901234567890, 0.01, '12345678901234567890.0000000001')) AS t(id, price, tiny)
  same: {from: [digits], sql: SELECT * FROM digits ORDER BY price DESC}
charts:
  a: {query: same, mark: table}
)yaml");
  const auto outcomes = workspace.run();
  ASSERT_TRUE(answer_of(*outcomes, "same").has_value()) << answer_of(*outcomes, "same").error().message;
  EXPECT_NE(answer_of(*outcomes, "same")
                ->data->find(R"([["90000000000000000001","532811.58","0.1234567891"],)"
                             R"(["12345678901234567890","0.01","12345678901234567890.0000000001"]])"),
            std::string::npos)
      << *answer_of(*outcomes, "same")->data;
}

constexpr std::string_view kLastDaysOfData = R"yaml(bridge: 1
slug: weather
title: Sales
connection: warehouse
params:
  period: {type: date_range, default: last_2_days_of_data}
queries:
  total: {sql: "SELECT sum(amount) AS amount FROM sales WHERE filter(:period, day)"}
  all: {sql: "SELECT count(*) AS n FROM sales"}
charts:
  a: {query: total, mark: kpi, y: amount, compare: previous_period}
  b: {query: all, mark: kpi, y: n}
)yaml";

TEST(DashboardData, APeriodOfTheDataEndsOnItsNewestDayAlsoOfAFileThatIsReplaced) {
  const ChangingFile file("day,amount\n2001-03-01,1\n2001-03-02,2\n2001-03-03,4\n2001-03-04,8\n9999-12-31,0\n");
  Workspace workspace(kLastDaysOfData, file.path());
  const auto first = workspace.run();
  ASSERT_TRUE(answer_of(*first, "total").has_value()) << answer_of(*first, "total").error().message;
  EXPECT_NE(answer_of(*first, "total")->data->find(R"("rows":[[12]])"), std::string::npos) << *answer_of(*first, "total")->data;
  EXPECT_NE(answer_of(*first, "total@previous_period")->data->find(R"([[3]])"), std::string::npos);
  BodyPieces pieces;
  append_outcome(pieces, first->front());
  std::string told;
  for (const SharedBytes& piece : pieces.take()) told += *piece;
  EXPECT_NE(told.find(R"("periods":{"period":{"from":"2001-03-03","to":"2001-03-04","newest_day":"2001-03-04"}})"), std::string::npos)
      << told;

  const int opened = workspace.opens;
  EXPECT_EQ(answer_of(*workspace.run(), "total")->cache, CacheState::hit);
  EXPECT_EQ(workspace.opens, opened) << "also the newest day comes from the cache";

  file.write("day,amount\n2001-03-01,1\n2001-03-02,2\n2001-03-03,4\n2001-03-04,8\n2001-03-05,16\n");
  const auto next = workspace.run();
  EXPECT_EQ(answer_of(*next, "total")->cache, CacheState::miss) << "the file is another";
  EXPECT_NE(answer_of(*next, "total")->data->find(R"([[24]])"), std::string::npos) << *answer_of(*next, "total")->data;
  EXPECT_EQ(answer_of(*next, "all")->cache, CacheState::miss) << "so are all answers from it";

  const auto named = workspace.run({.slug = "weather", .parameters = {{"period", "2001-03-01..2001-03-01"}}, .only = {"total"}});
  EXPECT_FALSE(named->front().periods.front().newest_day.has_value());
}

TEST(DashboardData, APeriodWhoseNewestDayCannotBeAskedForFailsWithTheQueriesThatUseItAlone) {
  const ChangingFile file("day,amount\n2001-03-01,1\n");
  std::string yaml(kLastDaysOfData);
  yaml.replace(yaml.find("filter(:period, day)"), 20, "day >= :period.from");
  Workspace workspace(yaml, file.path());
  const auto outcomes = workspace.run();
  EXPECT_EQ(answer_of(*outcomes, "total").error().reason, "no_newest_day");
  EXPECT_TRUE(answer_of(*outcomes, "all").has_value());
}

TEST(DashboardData, AQueryOverTheCapFailsAloneWithTheEstimate) {
  Workspace workspace(R"(bridge: 1
slug: weather
title: Weather
connection: warehouse
queries:
  dear: {sql: SELECT count(*) AS n FROM weather}
  after_dear: {from: [dear], sql: SELECT n FROM dear}
  cheap: {sql: SELECT 1 AS n}
  after_cheap: {from: [cheap], sql: SELECT n + 1 AS n FROM cheap}
charts:
  a: {query: after_dear, mark: kpi, y: n}
  b: {query: after_cheap, mark: kpi, y: n}
)");
  workspace.limits.bytes_max = 10;
  const auto outcomes = workspace.run();
  ASSERT_TRUE(outcomes.has_value());
  EXPECT_EQ(answer_of(*outcomes, "dear").error().reason, "byte_cap_exceeded");
  EXPECT_TRUE(answer_of(*outcomes, "dear").error().message.contains("the cap is 10 bytes")) << answer_of(*outcomes, "dear").error().message;
  EXPECT_EQ(answer_of(*outcomes, "after_dear").error().reason, "dependency_failed");
  ASSERT_TRUE(answer_of(*outcomes, "cheap").has_value()) << answer_of(*outcomes, "cheap").error().message;
  ASSERT_TRUE(answer_of(*outcomes, "after_cheap").has_value()) << answer_of(*outcomes, "after_cheap").error().message;
  EXPECT_NE(answer_of(*outcomes, "after_cheap")->data->find(R"("rows":[[2]])"), std::string::npos);
}

TEST(DashboardData, AnUnknownQueryOrDashboardIsNotFound) {
  Workspace workspace;
  EXPECT_EQ(workspace.run({.slug = "weather", .parameters = {}, .only = {"nope"}}).error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.run({.slug = "other", .parameters = {}, .only = {}}).error().code, ErrorCode::not_found);
}

TEST(DashboardData, ShapesAnAnswerWithoutScanningAgain) {
  Workspace workspace;
  const auto outcomes = workspace.run({.slug = "weather", .parameters = {}, .only = {"rain"}});
  const auto shaped = workspace.service->shape(Workspace::context(), *answer_of(*outcomes, "rain"), {.sort = "-location", .limit = 1});
  ASSERT_TRUE(shaped.has_value()) << shaped.error().message;
  ASSERT_EQ(shaped->row_count, 1u);
  EXPECT_EQ(shaped->columns[0].texts[0], "Seattle");
  EXPECT_EQ(workspace.service->shape(Workspace::context(), *answer_of(*outcomes, "rain"), {.sort = "locaton", .limit = {}})
                .error()
                .violations[0]
                .suggestion,
            "location");
}

TEST(DashboardData, ExplainSaysStagesDependenciesAndBytes) {
  Workspace workspace;
  const auto plan = workspace.service->explain(Workspace::context(), {.slug = "weather", .parameters = {}, .only = {}});
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->stages, 2);
  EXPECT_GT(plan->queries[0].bytes_scanned.value_or(0), 0);
  EXPECT_EQ(plan->queries[0].bytes_accuracy, ScanAccuracy::upper_bound);
  EXPECT_EQ(plan->queries.back().depends_on.size(), 1u);
}

TEST(DashboardData, PrecomputeCountsWhatItDid) {
  Workspace workspace;
  const auto first = workspace.service->precompute(Workspace::context(), "weather");
  EXPECT_EQ(first->queries_executed, 2);
  EXPECT_EQ(first->errors.size(), 2u);
  EXPECT_EQ(workspace.service->precompute(Workspace::context(), "weather")->cache_hits, 2);
}

TEST(Refresher, RunsWhatIsDueAfreshAndNothingElse) {
  Workspace workspace(R"(bridge: 1
slug: weather
title: Weather
connection: warehouse
cache: {refresh: "0 6 * * *"}
queries:
  days: {sql: SELECT count(*) AS n FROM weather}
  hourly: {sql: SELECT max(wind) AS wind FROM weather, cache: {refresh: "0 * * * *"}}
charts:
  a: {query: days, mark: kpi, y: n}
  b: {query: hourly, mark: kpi, y: wind}
)");
  std::vector<std::string> schedules{"0 6 * * *", "0 * * * *"};
  int mended = 0;
  const auto refresher =
      start_refresher({.plans = workspace,
                       .data = *workspace.service,
                       .clock = *workspace.clock,
                       .list_teams = [] { return Result<std::vector<TeamId>>(std::vector{TeamId("team")}); },
                       .list_scheduled =
                           [&](const CallContext&) {
                             return Result<std::vector<ScheduledDashboard>>({{"weather", schedules}, {"gone", std::nullopt}});
                           },
                       .mend = [&](const CallContext&) { ++mended; }});
  EXPECT_EQ(refresher->refresh_due(*parse_time("2026-01-01T05:33:00Z"), {}), 0);
  EXPECT_EQ(workspace.opens, 0);
  EXPECT_EQ(workspace.plans_read, 0) << "a document of which the index knows that it is not due is not read";
  EXPECT_EQ(mended, 0);
  EXPECT_EQ(refresher->refresh_due(*parse_time("2026-01-01T05:00:00Z"), {}), 1);
  const auto seen = workspace.run();
  EXPECT_EQ(answer_of(*seen, "hourly")->cache, CacheState::hit);
  EXPECT_EQ(answer_of(*seen, "days")->cache, CacheState::miss);
  const auto before = answer_of(*seen, "hourly")->executed_at;
  EXPECT_EQ(refresher->refresh_due(*parse_time("2026-01-01T06:00:00Z"), {}), 1);
  EXPECT_GT(answer_of(*workspace.run(), "hourly")->executed_at, before) << "a refresh does not take what is in the cache";
  EXPECT_EQ(mended, 2);
}

Request data_request(std::string target = "/v1/dashboards/weather/data?team_id=t") {
  Request request;
  request.target = std::move(target);
  request.path_parameters["slug"] = "weather";
  request.context = Workspace::context();
  return request;
}

const Route& data_route(const std::vector<Route>& routes) { return routes.front(); }

TEST(DashboardDataEndpoint, AnAnswerFromTheCacheIsReadyOnTheIoThreadUntilSomethingChanges) {
  const std::string yaml(kWeather.substr(0, kWeather.find("  sad:")));
  Workspace workspace(yaml + "charts:\n  a: {query: rain, mark: bar, x: location, y: days}\n");
  const auto routes = data_routes(*workspace.service, workspace);
  const Route& route = data_route(routes);
  EXPECT_FALSE(route.quick(data_request()).has_value());
  ASSERT_TRUE(route.handler(data_request()).has_value());
  EXPECT_FALSE(route.quick(data_request()).has_value()) << "the first answer says 'miss' and is not shown to others";
  const auto hit = route.handler(data_request());
  const auto ready = route.quick(data_request());
  ASSERT_TRUE(ready.has_value());
  EXPECT_EQ(ready->body[0], hit->body[0]) << "the same bytes, not a copy";
  EXPECT_EQ(workspace.views, 3);

  Request other_team = data_request();
  other_team.context.caller.team_id = TeamId("other");
  EXPECT_FALSE(route.quick(other_team).has_value());
  Request limited = data_request();
  limited.context.caller.policy = policy_of("north");
  EXPECT_FALSE(route.quick(limited).has_value());
  const auto for_limited = route.handler(limited);
  ASSERT_TRUE(for_limited.has_value());
  EXPECT_TRUE(for_limited->body[0]->contains(R"("cache":"miss")")) << "another policy has runs, bytes and an ETag of its own";
  EXPECT_EQ(for_limited->headers[0].first, "etag");
  EXPECT_NE(for_limited->headers[0].second, hit->headers[0].second);
  Request fresh = data_request();
  fresh.headers.emplace_back("cache-control", "no-cache");
  EXPECT_FALSE(route.quick(fresh).has_value());
  fresh.context.caller.role = Role::viewer;
  EXPECT_TRUE(route.quick(fresh).has_value()) << "a viewer cannot make Bridge scan again";
  ++workspace.changes;
  EXPECT_FALSE(route.quick(data_request()).has_value());
}

TEST(DashboardDataEndpoint, OtherEncodingsAreCompressedOnce) {
  const std::string yaml(kWeather.substr(0, kWeather.find("  sad:")));
  Workspace workspace(yaml + "charts:\n  a: {query: rain, mark: bar, x: location, y: days}\n");
  const auto routes = data_routes(*workspace.service, workspace);
  Request request = data_request();
  request.headers.emplace_back("accept-encoding", "gzip");
  ASSERT_TRUE(data_route(routes).handler(request).has_value());
  const auto packed = data_route(routes).handler(request);
  ASSERT_TRUE(packed.has_value());
  EXPECT_TRUE(std::ranges::find(packed->headers, std::pair<std::string, std::string>{"content-encoding", "gzip"}) != packed->headers.end());
  EXPECT_EQ(data_route(routes).quick(request)->body[0], packed->body[0]);
  EXPECT_TRUE(data_route(routes).quick(data_request()).has_value()) << "the plain bytes are there too";
}

}  // namespace
}  // namespace bridge
