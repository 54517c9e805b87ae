#include <gtest/gtest.h>

#include <thread>

#include "base/testing/replacing_policy.h"
#include "features/observability/model_call_log.h"
#include "features/observability/observability_service.h"
#include "features/observability/tool_cache.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/testing/throwing_database.h"

namespace bridge {
namespace {

struct Observing {
  Observing() {
    EXPECT_TRUE(migrate_up(*database));
    EXPECT_TRUE(database->transact({}, [](Transaction& transaction) -> Result<> {
      for (const char* team : {"t", "other"}) {
        TRY(transaction.execute("INSERT INTO teams (id, name, slug, created_at, updated_at) VALUES (:p1, :p1, :p1, 0, 0)",
                                {std::string(team)}));
      }
      for (const char* user : {"ann", "bob"}) {
        TRY(transaction.execute("INSERT INTO users (id, email, name, created_at) VALUES (:p1, :p1, :p1, 0)", {std::string(user)}));
      }
      TRY(transaction.execute(
          "INSERT INTO connections (id, team_id, name, connection_type, credentials_path, status, created_at, updated_at) "
          "VALUES ('c', 't', 'c', 'duckdb', '', 'active', 0, 0)",
          {}));
      return {};
    }));
  }

  ModelCallRecord record(std::string user, std::optional<std::int64_t> cost, std::string team = "t") {
    ModelCallRecord out{.team_id = TeamId(std::move(team)),
                        .person_id = UserId(std::move(user)),
                        .session_id = SessionId("s"),
                        .provider = "anthropic",
                        .model = "m"};
    out.usage = {.input_tokens = 10, .cache_read_tokens = 100, .cache_write_tokens = 5, .output_tokens = 7, .complete = true};
    out.cost_nano_usd = cost;
    return out;
  }

  static CallContext as(std::string user, Role role = Role::viewer, std::string team = "t") {
    CallContext context;
    context.caller = {.user_id = UserId(std::move(user)), .team_id = TeamId(std::move(team)), .role = role};
    return context;
  }

  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(*parse_time("2026-11-25T10:00:00Z"));
  std::shared_ptr<Database> database = *open_sqlite(":memory:");
  std::shared_ptr<ModelCallObserver> log = make_model_call_log(database, clock);
  std::unique_ptr<ObservabilityService> service = make_observability_service(database);
};

TEST(ModelCallLog, HasWrittenACallWhenItReturns) {
  Observing stage;
  stage.log->on_model_call(stage.record("ann", 1'500'000'000));
  const auto list = stage.service->list_model_calls(Observing::as("ann", Role::admin), {});
  ASSERT_TRUE(list);
  ASSERT_EQ(list->items.size(), 1u);
  EXPECT_EQ(list->items[0].cost_usd, 1.5);
  EXPECT_EQ(list->items[0].cache_read_tokens, 100);
  EXPECT_TRUE(list->items[0].usage_complete);
}

TEST(ModelCallLog, WritesManyAtOnceAndLosesNone) {
  Observing stage;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) stage.log->on_model_call(stage.record("ann", 1));
      });
    }
  }
  EXPECT_EQ(stage.service->list_model_calls(Observing::as("ann", Role::admin), {})->total, 400);
}

TEST(ModelCallLog, KeepsTheOthersWhenOneCannotBeWritten) {
  Observing stage;
  stage.log->on_model_call(stage.record("ann", 1, "a team that is gone"));
  stage.log->on_model_call(stage.record("ann", 1));
  EXPECT_EQ(stage.service->list_model_calls(Observing::as("ann", Role::admin), {})->total, 1);
}

TEST(ModelCallLog, LeavesNobodyWaitingWhoseCallCouldNotBeWritten) {
  Observing stage;
  const auto database = std::make_shared<ThrowingDatabase>(stage.database);
  const auto log = make_model_call_log(database, make_system_clock());
  for (int at = 1; at <= 2; ++at) {
    database->arm(at);
    log->on_model_call(stage.record("ann", 1));
    log->on_model_call(stage.record("ann", 1));
    database->arm(0);
  }
  log->on_model_call(stage.record("bob", 1));
  EXPECT_EQ(stage.service->list_model_calls(Observing::as("bob", Role::admin), {})->total, 5)
      << "what threw is written at the second attempt";
}

TEST(ModelCallLog, KeepsUnknownApartFromZero) {
  Observing stage;
  ModelCallRecord unknown = stage.record("ann", std::nullopt);
  unknown.usage = {};
  stage.log->on_model_call(unknown);
  const auto call = stage.service->list_model_calls(Observing::as("ann", Role::admin), {})->items.at(0);
  EXPECT_FALSE(call.input_tokens);
  EXPECT_FALSE(call.cost_usd);
  EXPECT_FALSE(call.price_known);
  const auto summary = stage.service->summarise_cost(Observing::as("ann"), {}, CostGrouping::day);
  EXPECT_EQ(summary->unpriced_calls, 1);
}

TEST(Observability, ShowsEachPersonTheirOwnCostAndAnAdminEverybodys) {
  Observing stage;
  stage.log->on_model_call(stage.record("ann", 1'000'000'000));
  stage.log->on_model_call(stage.record("bob", 2'000'000'000));
  stage.log->on_model_call(stage.record("key:k1", 4'000'000'000));
  stage.log->on_model_call(stage.record("ann", 8'000'000'000, "other"));
  const auto cost = [&](const CallContext& context, const std::optional<std::string>& user) {
    const auto summary = stage.service->summarise_cost(context, user, CostGrouping::day);
    return summary ? summary->total_cost_usd : -1;
  };
  EXPECT_EQ(cost(Observing::as("ann"), {}), 1);
  EXPECT_EQ(cost(Observing::as("key:k1"), {}), 4) << "a key that belongs to no user is somebody";
  EXPECT_EQ(cost(Observing::as("key:k2"), {}), 0) << "and another one somebody else";
  EXPECT_EQ(cost(Observing::as("key:k2"), "key:k1"), -1);
  EXPECT_EQ(cost(Observing::as("ann"), "ann"), 1);
  EXPECT_EQ(cost(Observing::as("ann"), "bob"), -1);
  EXPECT_EQ(cost(Observing::as("ann"), "*"), -1);
  EXPECT_EQ(cost(Observing::as("ann", Role::admin), "bob"), 2);
  EXPECT_EQ(cost(Observing::as("ann", Role::admin), "*"), 7);
  EXPECT_EQ(stage.service->list_model_calls(Observing::as("ann", Role::admin), {})->total, 3) << "of this team alone";
}

TEST(Observability, GroupsByDayWeekFromMondayAndMonth) {
  Observing stage;
  // Wednesday 25 November, the Sunday and the Monday around it, and 1 December.
  for (const char* day : {"2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z", "2026-11-25T12:00:00Z", "2026-12-01T00:00:00Z"}) {
    auto clock = std::make_shared<FixedClock>(*parse_time(day));
    make_model_call_log(stage.database, clock)->on_model_call(stage.record("ann", 1'000'000'000));
  }
  const auto dates = [&](CostGrouping grouping) {
    std::vector<std::string> out;
    const CostSummary summary = *stage.service->summarise_cost(Observing::as("ann"), {}, grouping);
    for (const CostShare& share : summary.breakdown) out.push_back(share.date + " " + std::to_string(static_cast<int>(share.cost)));
    return out;
  };
  using Dates = std::vector<std::string>;
  EXPECT_EQ(dates(CostGrouping::day), (Dates{"2026-11-22 1", "2026-11-23 1", "2026-11-25 1", "2026-12-01 1"}));
  EXPECT_EQ(dates(CostGrouping::week), (Dates{"2026-11-16 1", "2026-11-23 2", "2026-11-30 1"}));
  EXPECT_EQ(dates(CostGrouping::month), (Dates{"2026-11-01 3", "2026-12-01 1"}));
}

TEST(Observability, FiltersAndPagesCalls) {
  Observing stage;
  for (int i = 0; i < 5; ++i) {
    stage.clock->advance(std::chrono::hours(1));
    ModelCallRecord record = stage.record("ann", i);
    if (i == 3) record.session_id = SessionId("another");
    stage.log->on_model_call(record);
  }
  const CallContext admin = Observing::as("ann", Role::admin);
  const auto page = stage.service->list_model_calls(admin, {.limit = 2, .offset = 2});
  EXPECT_EQ(page->total, 5);
  EXPECT_EQ(page->next_offset, 4);
  EXPECT_EQ(page->items.size(), 2u);
  EXPECT_EQ(stage.service->list_model_calls(admin, {.session_id = SessionId("another")})->total, 1);
  EXPECT_EQ(stage.service->list_model_calls(admin, {.provider = "openai"})->total, 0);
  EXPECT_EQ(
      stage.service->list_model_calls(admin, {.from = *parse_time("2026-11-25T13:00:00Z"), .until = *parse_time("2026-11-25T15:00:00Z")})
          ->total,
      2);
}

struct Caching : Observing {
  std::string version = "1";
  std::shared_ptr<ToolCache> cache =
      make_tool_cache(make_memory_cache(1 << 20), database, clock,
                      {.catalog = [this](const CallContext&, const ConnectionId&) -> Result<std::string> { return version; }});
  ToolContext context(std::string team = "t", std::string connection = "c") {
    return {.call = as("ann", Role::editor, std::move(team)),
            .session_id = SessionId("s"),
            .connection_id = ConnectionId(std::move(connection))};
  }
};

TEST(ToolCache, KnowsAnAnswerByToolConnectionCatalogAndArgumentsInAnyOrder) {
  Caching stage;
  const json::object arguments{{"a", 1}, {"b", 2}};
  EXPECT_FALSE(stage.cache->find(stage.context(), "list_tables", arguments));
  stage.cache->keep(stage.context(), "list_tables", arguments, {{"tables", json::array{}}});
  EXPECT_TRUE(stage.cache->find(stage.context(), "list_tables", {{"b", 2}, {"a", 1}}));
  EXPECT_FALSE(stage.cache->find(stage.context(), "list_tables", {{"a", 1}}));
  EXPECT_FALSE(stage.cache->find(stage.context(), "list_datasets", arguments));
  EXPECT_FALSE(stage.cache->find(stage.context("other"), "list_tables", arguments)) << "another team";
  EXPECT_FALSE(stage.cache->find(stage.context("t", "d"), "list_tables", arguments)) << "another connection";
  ToolContext limited = stage.context();
  limited.call.caller.policy = policy_of("north");
  EXPECT_FALSE(stage.cache->find(limited, "list_tables", arguments)) << "another policy";
  stage.cache->keep(limited, "list_tables", arguments, {{"tables", json::array{1}}});
  EXPECT_TRUE(stage.cache->find(stage.context(), "list_tables", arguments)->at("tables").as_array().empty());
  EXPECT_EQ(stage.cache->find(limited, "list_tables", arguments)->at("tables").as_array().size(), 1u);
  stage.version = "2";
  EXPECT_FALSE(stage.cache->find(stage.context(), "list_tables", arguments)) << "the catalog has changed";
}

TEST(ToolCache, CountsHitsAndMissesOfEachTeam) {
  Caching stage;
  stage.cache->keep(stage.context(), "list_tables", {}, {{"tables", json::array{}}});
  for (int i = 0; i < 3; ++i) (void)stage.cache->find(stage.context(), "list_tables", {});
  const auto statistics = stage.cache->statistics(Observing::as("ann"));
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->total_hits, 3);
  EXPECT_EQ(statistics->total_misses, 1);
  EXPECT_EQ(statistics->total_cached_tools, 1);
  EXPECT_EQ(statistics->hit_rate_pct, 75);
  EXPECT_EQ(stage.cache->statistics(Observing::as("ann", Role::viewer, "other"))->total_hits, 0);
  stage.clock->advance(std::chrono::minutes(6));
  EXPECT_EQ(stage.cache->statistics(Observing::as("ann"))->total_cached_tools, 0) << "it is no longer fresh";
}

}  // namespace
}  // namespace bridge
