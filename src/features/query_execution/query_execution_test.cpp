#include "features/query_execution/query_execution.h"

#include <gtest/gtest.h>

#include "base/guarded.h"
#include "base/testing/replacing_policy.h"
#include "warehouse/checked_warehouse.h"
#include "warehouse/testing/unruly_warehouse.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

CallContext context_of(std::string team) {
  CallContext context;
  context.caller.team_id = TeamId(std::move(team));
  return context;
}

QueryRequest request_of(std::string sql) {
  return {.slug = "sales", .version = 1, .query_id = "q", .connection_key = "c", .query = {.sql = std::move(sql)}};
}

// An engine that counts its calls, and answers with one row.
struct CountingEngine {
  std::atomic<int> dry_runs{0};
  std::atomic<int> runs{0};
  std::uint64_t bytes = 1'000;
  std::chrono::milliseconds takes{0};
  std::optional<Error> error;

  QueryEngine engine() {
    return {.dry_run = [this](const CallContext&, const BoundQuery&) -> Result<DryRun> {
              ++dry_runs;
              return DryRun{.bytes_scanned = bytes};
            },
            .execute = [this](const CallContext& context, const BoundQuery&, const ExecuteLimits&) -> Result<QueryResult> {
              ++runs;
              const auto until = std::chrono::steady_clock::now() + takes;
              while (std::chrono::steady_clock::now() < until) {
                TRY(context.check());
                std::this_thread::sleep_for(1ms);
              }
              if (error) return fail(*error);
              QueryResult result{.row_count = 1};
              result.columns = {{.name = "n", .type = ColumnType::integer, .valid = {true}, .integers = {runs.load()}},
                                {.name = "d", .type = ColumnType::decimal, .valid = {false}, .texts = {""}}};
              return result;
            }};
  }
};

struct Workspace {
  std::shared_ptr<ByteCache> cache = make_memory_cache(8 << 20);
  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(*parse_time("2026-01-01"));
  std::unique_ptr<QueryExecution> queries = make_query_execution(*cache, clock);
};

TEST(QueryExecution, RunsOnceAndThenAnswersFromTheCache) {
  Workspace workspace;
  CountingEngine engine;
  const auto first = workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine());
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->cache, CacheState::miss);
  workspace.clock->advance(12s);
  const auto second = workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine());
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->cache, CacheState::hit);
  EXPECT_EQ(second->age_s, 12);
  EXPECT_EQ(*first->data, *second->data);
  EXPECT_EQ(engine.runs, 1);
}

TEST(QueryExecution, TheCacheAndAllWhoHaveAnAnswerShareItsBytes) {
  Workspace workspace;
  CountingEngine engine;
  const auto first = workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine());
  const auto second = workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine());
  EXPECT_EQ(first->data->data(), second->data->data());
  const std::size_t entries = workspace.cache->statistics().entries;
  QueryRequest fresh = request_of("SELECT 1");
  fresh.fresh = true;
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), fresh, engine.engine()).has_value());
  EXPECT_EQ(workspace.cache->statistics().entries, entries) << "the bytes of the answer before are gone";
}

TEST(QueryExecution, DryRunsBeforeEveryRunAndRefusesAtTheCap) {
  Workspace workspace;
  CountingEngine engine{.bytes = 100'000'000};
  const auto answer = workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().reason, "byte_cap_exceeded");
  EXPECT_NE(answer.error().message.find("100 MB"), std::string::npos);
  EXPECT_EQ(engine.dry_runs, 1);
  EXPECT_EQ(engine.runs, 0);
}

TEST(QueryExecution, ALowerCapOfTheDocumentHolds) {
  Workspace workspace;
  CountingEngine engine{.bytes = 1'000};
  QueryRequest request = request_of("SELECT 1");
  request.bytes_max = 1'000;
  EXPECT_FALSE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
  request.bytes_max = 1'001;
  EXPECT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
}

TEST(QueryExecution, TwoTeamsWithTheSameSlugAndSqlNeverShareAnAnswer) {
  Workspace workspace;
  CountingEngine engine;
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine()).has_value());
  const auto other = workspace.queries->execute(context_of("b"), request_of("SELECT 1"), engine.engine());
  EXPECT_EQ(other->cache, CacheState::miss);
  EXPECT_EQ(engine.runs, 2);
}

CallContext context_with_policy(std::string fingerprint) {
  CallContext context = context_of("a");
  context.caller.policy = policy_of(std::move(fingerprint));
  return context;
}

TEST(QueryExecution, TwoPoliciesNeverShareAnAnswer) {
  Workspace workspace;
  CountingEngine engine;
  std::set<std::string> keys;
  std::set<std::string> hashes;
  const std::vector<CallContext> viewers{context_of("a"), context_with_policy("north"), context_with_policy("south")};
  for (const CallContext& viewer : viewers) {
    const auto answer = workspace.queries->execute(viewer, request_of("SELECT 1"), engine.engine());
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->cache, CacheState::miss);
    hashes.insert(answer->query_hash);
    keys.insert(cache_key(viewer.viewer(), request_of("SELECT 1")));
  }
  EXPECT_EQ(engine.runs, 3);
  EXPECT_EQ(keys.size(), 3u);
  EXPECT_EQ(hashes.size(), 3u) << "they are what ETags are made from";
  std::set<const std::string*> bytes;
  for (const CallContext& viewer : viewers) {
    const auto again = workspace.queries->execute(viewer, request_of("SELECT 1"), engine.engine());
    EXPECT_EQ(again->cache, CacheState::hit);
    bytes.insert(again->data.get());
  }
  EXPECT_EQ(bytes.size(), 3u);
  EXPECT_EQ(engine.runs, 3);
  workspace.queries->forget(TeamScope(TeamId("a")), "sales");
  EXPECT_EQ(workspace.queries->execute(viewers[1], request_of("SELECT 1"), engine.engine())->cache, CacheState::miss)
      << "a dashboard is forgotten for every viewer";
}

// ---- an engine that misbehaves ------------------------------------------------------------------------------------

struct UnrulyStage : Workspace {
  std::shared_ptr<UnrulyEngine> engine = std::make_shared<UnrulyEngine>();
  QueryEngine asked = engine_of([engine = engine](const CallContext& context) -> Result<std::shared_ptr<Warehouse>> {
    TRY(engine->begin(context, "open"));
    return make_checked_warehouse(std::make_shared<UnrulyWarehouse>(engine));
  });
  Result<QueryAnswer> ask(std::string sql, std::chrono::milliseconds timeout = 10s) {
    QueryRequest request = request_of(std::move(sql));
    request.timeout = timeout;
    return queries->execute(context_of("a"), request, asked);
  }
};

TEST(UnrulyEngines, EndOneQueryWithOneErrorAndLeaveTheOthersAlone) {
  for (const std::string call : {"open", "dry_run", "stream"}) {
    for (const Misbehaviour what : {Misbehaviour::hangs, Misbehaviour::throws, Misbehaviour::throws_bad_alloc, Misbehaviour::fails}) {
      UnrulyStage stage;
      ASSERT_TRUE(stage.ask("SELECT 1").has_value());
      stage.engine->let(call, what);
      const int runs = stage.engine->count("stream");
      const auto failed = guarded([&] { return stage.ask("SELECT 2", 100ms); });
      ASSERT_FALSE(failed.has_value()) << call;
      EXPECT_FALSE(failed.error().message.empty()) << call;
      if (what == Misbehaviour::hangs) {
        EXPECT_EQ(failed.error().code, ErrorCode::deadline_exceeded) << call;
      }
      EXPECT_EQ(stage.engine->count("stream"), runs + (call == "stream" ? 1 : 0)) << call << ": nothing is run twice";
      EXPECT_EQ(stage.ask("SELECT 1")->cache, CacheState::hit) << call << ": what is known stays known";
      stage.engine->let(call, Misbehaviour::none);
      const auto next = stage.ask("SELECT 2");
      ASSERT_TRUE(next.has_value()) << call << ": " << describe_error(next.error());
      EXPECT_EQ(next->cache, CacheState::miss) << call << ": no failure is kept";
    }
  }
}

TEST(UnrulyEngines, GiveEveryoneWhoWaitsForAQueryTheSameErrorAndRunItOnce) {
  UnrulyStage stage;
  stage.engine->let("stream", Misbehaviour::hangs);
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        if (!stage.ask("SELECT 1", 300ms)) ++failed;
      });
    }
    const auto neighbour = [&] {
      UnrulyStage other;
      return other.ask("SELECT 1").has_value();
    };
    EXPECT_TRUE(neighbour());
  }
  EXPECT_EQ(failed, 6);
  stage.engine->let("stream", Misbehaviour::none);
  EXPECT_TRUE(stage.ask("SELECT 1").has_value());
}

TEST(UnrulyEngines, WhoseAnswerIsBrokenLeaveNothingBehind) {
  for (int which = 0; which < broken_batches; ++which) {
    UnrulyStage stage;
    stage.engine->answer = [&](BatchSink& sink, const ExecuteLimits&) -> Result<Streamed> {
      QueryResult batch = broken_batch(which);
      TRY(sink.take(batch));
      return Streamed{.row_count = 2};
    };
    const auto answer = stage.ask("SELECT 1");
    ASSERT_FALSE(answer.has_value()) << which;
    EXPECT_EQ(reason_of(answer.error()), "answer_broken") << which;
    stage.engine->answer = nullptr;
    EXPECT_EQ(stage.ask("SELECT 1")->cache, CacheState::miss);
  }
}

TEST(UnrulyEngines, WhoseTableGrewSinceTheDryRunReadNoMoreThanTheCap) {
  UnrulyStage stage;
  constexpr std::uint64_t bytes_now = 5'000'000'000;
  std::optional<std::uint64_t> cap;
  stage.engine->answer = [&](BatchSink&, const ExecuteLimits& limits) -> Result<Streamed> {
    cap = limits.scanned_bytes_max;
    TRY(check_scanned_bytes(bytes_now, limits));
    return Streamed{};
  };
  const auto answer = stage.ask("SELECT 1");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(cap, request_of("").bytes_max) << "the engine is told the cap";
  EXPECT_EQ(reason_of(answer.error()), "scan_too_large");
  EXPECT_EQ(stage.engine->count("stream"), 1) << "it is not run again";
}

TEST(QueryExecution, AnEntryOfAnotherPolicyUnderOurKeyIsNotBelieved) {
  Workspace workspace;
  CountingEngine engine;
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine()).has_value());
  const auto stolen = workspace.cache->find(cache_key(context_of("a").viewer(), request_of("SELECT 1")));
  workspace.cache->put(cache_key(context_with_policy("north").viewer(), request_of("SELECT 1")), stolen, 1h);
  EXPECT_EQ(workspace.queries->execute(context_with_policy("north"), request_of("SELECT 1"), engine.engine())->cache, CacheState::miss);
}

TEST(QueryExecution, AStaleAnswerIsRefreshedForThePolicyThatAskedForIt) {
  Workspace workspace;
  CountingEngine engine;
  std::mutex mutex;
  std::vector<std::string> ran_for;
  QueryEngine noting = engine.engine();
  noting.execute = [&, inner = noting.execute](const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) {
    const std::lock_guard lock(mutex);
    ran_for.push_back(context.viewer().fingerprint());
    return inner(context, query, limits);
  };
  QueryRequest request = request_of("SELECT 1");
  request.time_to_live = 10s;
  request.max_stale = 1h;
  ASSERT_TRUE(workspace.queries->execute(context_with_policy("north"), request, noting).has_value());
  workspace.clock->advance(1min);
  EXPECT_EQ(workspace.queries->execute(context_with_policy("north"), request, noting)->cache, CacheState::stale);
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return ran_for.size();
  };
  for (int i = 0; i < 2'000 && count() < 2; ++i) std::this_thread::sleep_for(5ms);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(ran_for, (std::vector<std::string>{"north", "north"}));
}

TEST(QueryExecution, AnEntryOfAnotherTeamUnderOurKeyIsNotBelieved) {
  Workspace workspace;
  CountingEngine engine;
  ASSERT_TRUE(workspace.queries->execute(context_of("b"), request_of("SELECT 1"), engine.engine()).has_value());
  const auto stolen = workspace.cache->find(cache_key(context_of("b").viewer(), request_of("SELECT 1")));
  workspace.cache->put(cache_key(context_of("a").viewer(), request_of("SELECT 1")), stolen, 1h);
  EXPECT_EQ(workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine())->cache, CacheState::miss);
}

TEST(QueryExecution, ValuesAndTheirTypesArePartOfTheKey) {
  const ViewerScope viewer = context_of("a").viewer();
  std::set<std::string> hashes;
  const std::vector<std::vector<SqlValue>> cases{{},
                                                 {nullptr},
                                                 {true},
                                                 {std::int64_t{1}},
                                                 {1.5},
                                                 {std::string("1")},
                                                 {Date{"1"}},
                                                 {Timestamp{"1"}},
                                                 {std::string("1"), std::string("")},
                                                 {std::string(""), std::string("1")}};
  for (const auto& values : cases) {
    QueryRequest request = request_of("SELECT $1");
    request.query.values = values;
    hashes.insert(query_hash(viewer, request));
  }
  EXPECT_EQ(hashes.size(), cases.size());
}

TEST(QueryExecution, AStaleAnswerIsShownAtOnceAndRefreshedBehind) {
  Workspace workspace;
  CountingEngine engine;
  QueryRequest request = request_of("SELECT 1");
  request.time_to_live = 1h;
  request.max_stale = 2h;
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
  workspace.clock->advance(90min);
  const auto stale = workspace.queries->execute(context_of("a"), request, engine.engine());
  EXPECT_EQ(stale->cache, CacheState::stale);
  EXPECT_EQ(stale->age_s, 5400);
  for (int i = 0; i < 2000 && engine.runs < 2; ++i) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 2000; ++i) {
    const auto fresh = workspace.queries->execute(context_of("a"), request, engine.engine());
    if (fresh->cache == CacheState::hit) break;
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(workspace.queries->execute(context_of("a"), request, engine.engine())->age_s, 0);
  EXPECT_EQ(engine.runs, 2);
}

TEST(QueryExecution, AnAnswerThatAnotherJustLoadedIsNotLoadedAgain) {
  Workspace workspace;
  CountingEngine engine;
  QueryRequest request = request_of("SELECT 1");
  request.time_to_live = 1h;
  request.max_stale = 2h;
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
    const int before = engine.runs;
    workspace.clock->advance(90min);
    std::vector<std::jthread> readers;
    for (int i = 0; i < 8; ++i) {
      readers.emplace_back([&] {
        for (int n = 0; n < 50; ++n) EXPECT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
      });
    }
    readers.clear();
    for (int i = 0; i < 2000 && engine.runs == before; ++i) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(2ms);
    EXPECT_EQ(engine.runs, before + 1);
  }
}

TEST(QueryExecution, AFailedRefreshNeitherExtendsNorDropsTheOldAnswer) {
  Workspace workspace;
  CountingEngine engine;
  QueryRequest request = request_of("SELECT 1");
  request.time_to_live = 1h;
  request.max_stale = 2h;
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
  engine.error = Error{.code = ErrorCode::unavailable, .message = "down"};
  workspace.clock->advance(90min);
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
  for (int i = 0; i < 2000 && engine.runs < 2; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(workspace.queries->execute(context_of("a"), request, engine.engine())->age_s, 5400);
  workspace.clock->advance(31min);
  EXPECT_EQ(workspace.queries->execute(context_of("a"), request, engine.engine()).error().code, ErrorCode::unavailable);
}

TEST(QueryExecution, EqualRequestsAtOnceRunOnce) {
  Workspace workspace;
  CountingEngine engine{.takes = 50ms};
  std::vector<std::jthread> threads;
  std::atomic<int> answered{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      if (workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine())) ++answered;
    });
  }
  threads.clear();
  EXPECT_EQ(answered, 16);
  EXPECT_EQ(engine.runs, 1);
}

TEST(QueryExecution, ALeaderThatIsCancelledHandsOver) {
  Workspace workspace;
  CountingEngine engine{.takes = 100ms};
  std::stop_source leaver;
  std::jthread leader([&] {
    CallContext context = context_of("a");
    context.stop = leaver.get_token();
    EXPECT_EQ(workspace.queries->execute(context, request_of("SELECT 1"), engine.engine()).error().code, ErrorCode::cancelled);
  });
  while (engine.runs == 0) std::this_thread::sleep_for(1ms);
  std::jthread follower(
      [&] { EXPECT_TRUE(workspace.queries->execute(context_of("a"), request_of("SELECT 1"), engine.engine()).has_value()); });
  std::this_thread::sleep_for(10ms);
  leaver.request_stop();
}

TEST(QueryExecution, ForgetDropsEveryVersionOfOneDashboard) {
  Workspace workspace;
  CountingEngine engine;
  const auto state = [&](const char* team, const char* slug, int version) {
    QueryRequest request = request_of("SELECT 1");
    request.slug = slug;
    request.version = version;
    return workspace.queries->execute(context_of(team), request, engine.engine())->cache;
  };
  // Twice: what is there at first is what a version has for itself.
  for (const CacheState wanted : {CacheState::miss, CacheState::hit}) {
    for (const int version : {1, 2}) EXPECT_EQ(state("a", "sales", version), wanted) << version;
    EXPECT_EQ(state("a", "sales-2", 1), wanted);
    EXPECT_EQ(state("b", "sales", 1), wanted);
  }
  workspace.queries->forget(TeamScope(TeamId("a")), "sales");
  EXPECT_EQ(state("a", "sales-2", 1), CacheState::hit);
  EXPECT_EQ(state("b", "sales", 1), CacheState::hit);
  for (const int version : {1, 2}) EXPECT_EQ(state("a", "sales", version), CacheState::miss) << version;
}

TEST(QueryExecution, DecodesWhatEncodeRowsWrites) {
  QueryResult result{.row_count = 2};
  result.columns = {{.name = "i", .type = ColumnType::integer, .valid = {true, false}, .integers = {7, 0}},
                    {.name = "x", .type = ColumnType::number, .valid = {true, true}, .numbers = {0.1, -2}},
                    {.name = "t", .type = ColumnType::text, .valid = {true, true}, .texts = {"a\"b\n", ""}},
                    {.name = "b", .type = ColumnType::boolean, .valid = {true, true}, .integers = {1, 0}},
                    {.name = "big", .type = ColumnType::big_integer, .valid = {true, true}, .texts = {"12345678901234567890", "1"}}};
  const auto back = decode_rows(encode_rows(result));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(encode_rows(*back), encode_rows(result));
  EXPECT_FALSE(decode_rows("{\"columns\":[{\"name\":\"a\",\"type\":\"text\"}],\"rows\":[[1,2]]}").has_value());
  EXPECT_FALSE(decode_rows("[]").has_value());
}

// Throws at its call number `at` (from 1), a dry run counting as one, whatever it is asked afterwards it answers.
struct ThrowingEngine {
  int at = 1;
  std::atomic<int> calls{0};
  std::atomic<bool> may_throw{true};
  CountingEngine counting;

  QueryEngine engine() {
    const auto maybe_throw = [this] {
      if (++calls != at) return;
      while (!may_throw) std::this_thread::sleep_for(1ms);
      if (at % 2 == 0) throw std::runtime_error("a defect");
      throw std::bad_alloc();
    };
    const QueryEngine inner = counting.engine();
    return {.dry_run = [=](const CallContext& context, const BoundQuery& query) -> Result<DryRun> {
              maybe_throw();
              return inner.dry_run(context, query);
            },
            .execute = [=](const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) -> Result<QueryResult> {
              maybe_throw();
              return inner.execute(context, query, limits);
            }};
  }
};

TEST(QueryExecution, ALeaderThatThrewHandsAnErrorToThoseWhoWaitAndTheNextCallerTriesAnew) {
  for (const int at : {1, 2}) {
    Workspace workspace;
    ThrowingEngine engine{.at = at, .may_throw = false};
    std::atomic<int> failed{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto outcome = workspace.queries->execute(context_of("a").with_timeout(20s), request_of("SELECT 1"), engine.engine());
        if (!outcome && outcome.error().code == (at == 1 ? ErrorCode::unavailable : ErrorCode::internal)) ++failed;
      });
    }
    while (engine.calls < at) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);  // until all wait
    engine.may_throw = true;
    threads.clear();
    EXPECT_EQ(failed, 4) << at;
    EXPECT_TRUE(workspace.queries->execute(context_of("a").with_timeout(5s), request_of("SELECT 1"), engine.engine()).has_value());
  }
}

TEST(QueryExecution, ARefreshThatThrewIsTriedAgain) {
  Workspace workspace;
  ThrowingEngine engine{.at = 4};  // the second run
  QueryRequest request = request_of("SELECT 1");
  request.time_to_live = 1h;
  request.max_stale = 2h;
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
  workspace.clock->advance(90min);
  for (int i = 0; i < 2000 && engine.counting.runs < 2; ++i) {
    ASSERT_TRUE(workspace.queries->execute(context_of("a"), request, engine.engine()).has_value());
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(engine.counting.runs, 2);
}

// A cache in which those who look for an answer can be held back between the look and what they do about it.
class HoldingCache final : public ByteCache {
 public:
  explicit HoldingCache(std::size_t bytes_max) : inner_(make_memory_cache(bytes_max)) {}
  SharedBytes find(std::string_view key) override {
    SharedBytes found = inner_->find(key);
    if (holds_me() && !key.ends_with(":v:1")) {  // the bytes, which come after the header
      ++held;
      while (hold) std::this_thread::sleep_for(1ms);
    }
    return found;
  }
  void put(std::string_view key, SharedBytes bytes, std::chrono::milliseconds time_to_live) override {
    inner_->put(key, std::move(bytes), time_to_live);
  }
  void erase_prefix(std::string_view prefix) override { inner_->erase_prefix(prefix); }
  CacheStatistics statistics() const override { return inner_->statistics(); }

  static bool& holds_me() {
    thread_local bool value = false;
    return value;
  }
  std::atomic<bool> hold{true};
  std::atomic<int> held{0};

 private:
  const std::shared_ptr<ByteCache> inner_;
};

TEST(QueryExecution, ABurstOfReadersAroundARefreshRefreshesExactlyOnce) {
  HoldingCache cache(8 << 20);
  const auto clock = std::make_shared<FixedClock>(*parse_time("2026-01-01"));
  const auto queries = make_query_execution(cache, clock);
  CountingEngine engine;
  QueryRequest request = request_of("SELECT 1");
  request.time_to_live = 1h;
  request.max_stale = 2h;
  ASSERT_TRUE(queries->execute(context_of("a"), request, engine.engine()).has_value());
  clock->advance(90min);
  {
    // These see the stale answer, and act on it when the refresh that another asked for has long been kept.
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        HoldingCache::holds_me() = true;
        EXPECT_EQ(queries->execute(context_of("a"), request, engine.engine())->cache, CacheState::stale);
      });
    }
    while (cache.held < 4) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(queries->execute(context_of("a"), request, engine.engine())->cache, CacheState::stale);
    for (int i = 0; i < 5'000 && queries->execute(context_of("a"), request, engine.engine())->cache != CacheState::hit; ++i)
      std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);  // until the refresh is over
    cache.hold = false;
  }
  std::this_thread::sleep_for(50ms);  // for a second refresh, were there one
  EXPECT_EQ(engine.runs, 2);
}

TEST(QueryExecution, AConnectionWhoseRefreshHangsHoldsUpNoOthers) {
  Workspace workspace;
  CountingEngine engine;
  std::atomic<bool> hangs = false;
  const QueryEngine slow{.dry_run = [&](const CallContext& context, const BoundQuery&) -> Result<DryRun> {
                           while (hangs) {
                             TRY(context.check());
                             std::this_thread::sleep_for(1ms);
                           }
                           return DryRun{};
                         },
                         .execute = engine.engine().execute};
  QueryRequest hanging = request_of("SELECT 1");
  hanging.connection_key = "hangs";
  hanging.time_to_live = 1h;
  hanging.max_stale = 2h;
  QueryRequest other = hanging;
  other.connection_key = "other";
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), hanging, slow).has_value());
  ASSERT_TRUE(workspace.queries->execute(context_of("a"), other, engine.engine()).has_value());
  workspace.clock->advance(90min);
  hangs = true;
  EXPECT_EQ(workspace.queries->execute(context_of("a"), hanging, slow)->cache, CacheState::stale);
  bool refreshed = false;
  for (int i = 0; i < 5'000 && !refreshed; ++i) {
    refreshed = workspace.queries->execute(context_of("a"), other, engine.engine())->cache == CacheState::hit;
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(refreshed);
}

}  // namespace
}  // namespace bridge
