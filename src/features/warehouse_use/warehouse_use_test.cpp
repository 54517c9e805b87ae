#include "features/warehouse_use/warehouse_use.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "features/teams/team.h"
#include "features/warehouse_use/warehouse_use_store.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"
#include "platform/metadata_db/testing/throwing_database.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

const Time kNoon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 30) + 12h;

std::shared_ptr<Database> directory() {
  auto database = open_sqlite(":memory:");
  EXPECT_TRUE(database.has_value());
  EXPECT_TRUE(migrate_up(**database).has_value());
  (void)(*database)->transact({}, [](Transaction& transaction) -> Result<> {
    for (const char* id : {"a", "b"}) TRY(insert_row(transaction, "teams", Team{.id = TeamId(id), .name = id, .slug = id}));
    return {};
  });
  return *database;
}

CallContext caller(const char* team, const char* person = "ann") {
  return {.caller = {.user_id = UserId(person), .team_id = TeamId(team), .role = Role::viewer}};
}

UseOfQuery query(std::uint64_t bytes, const char* connection = "one", std::int64_t connection_max = 0) {
  return {.connection_id = ConnectionId(connection), .connection_bytes_max = connection_max, .bytes = bytes};
}

struct Counter {
  std::shared_ptr<Database> database = directory();
  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(kNoon);
  std::shared_ptr<WarehouseUse> start(UseCaps caps) const { return make_warehouse_use(database, clock, caps); }
};

TEST(WarehouseUse, RefusesWhatIsOverTheTeamsDayAndSaysWhatIsLeftAndWhenItComesBack) {
  const Counter counter;
  const auto use = counter.start({.team_bytes = 10'000});
  EXPECT_TRUE(use->take(caller("a", "ann"), query(6'000)));
  EXPECT_TRUE(use->take(caller("a", "bob"), query(4'000, "two")));
  const auto refused = use->take(caller("a", "bob"), query(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(refused.error().reason, "daily_cap_reached");
  EXPECT_EQ(refused.error().retry_after, 12h);
  EXPECT_EQ(refused.error().message,
            "The team has 0 bytes left of 10 kB a day, and this query takes 1 bytes. The next day begins at 2026-12-01T00:00:00Z; answers "
            "that are kept "
            "are shown until then");
  EXPECT_TRUE(use->take(caller("b"), query(9'000))) << "another team's day is its own";
}

TEST(WarehouseUse, TakesNothingForWhatItRefused) {
  const Counter counter;
  const auto use = counter.start({.team_bytes = 10'000});
  EXPECT_FALSE(use->take(caller("a"), query(10'001)));
  EXPECT_TRUE(use->take(caller("a"), query(10'000)));
}

TEST(WarehouseUse, CountsQueriesPersonsAndConnectionsEachByItself) {
  const Counter counter;
  const auto use = counter.start({.team_queries = 4, .person_bytes = 100, .person_queries = 2});
  EXPECT_TRUE(use->take(caller("a", "ann"), query(90)));
  EXPECT_FALSE(use->take(caller("a", "ann"), query(20))) << "bytes of a person";
  EXPECT_TRUE(use->take(caller("a", "ann"), query(10)));
  EXPECT_FALSE(use->take(caller("a", "ann"), query(0))) << "queries of a person";
  EXPECT_FALSE(use->take(caller("a", "bob"), query(60, "small", 50))) << "bytes of a connection";
  EXPECT_TRUE(use->take(caller("a", "bob"), query(50, "small", 50)));
  EXPECT_FALSE(use->take(caller("a", "cleo"), query(1, "small", 50)));
  EXPECT_TRUE(use->take(caller("a", "cleo"), query(1)));
  EXPECT_FALSE(use->take(caller("a", "dan"), query(1))) << "queries of the team";
}

TEST(WarehouseUse, GivesBackWhatFailed) {
  const Counter counter;
  const auto use = counter.start({.team_bytes = 100, .team_queries = 1});
  EXPECT_TRUE(use->take(caller("a"), query(100)));
  use->give_back(caller("a"), query(100));
  EXPECT_TRUE(use->take(caller("a"), query(100)));
}

TEST(WarehouseUse, GivesNothingBackToADayThatItWasNotTakenFrom) {
  const Counter counter;
  const auto use = counter.start({.team_bytes = 100});
  EXPECT_TRUE(use->take(caller("a"), query(100)));
  counter.clock->advance(12h);
  EXPECT_TRUE(use->report(caller("a")));
  use->give_back(caller("a"), query(100));
  EXPECT_EQ(use->report(caller("a"))->team.bytes, 0);
  EXPECT_FALSE(use->take(caller("a"), query(101)));
}

TEST(WarehouseUse, BeginsAnewWithTheDay) {
  const Counter counter;
  const auto use = counter.start({.team_bytes = 100});
  EXPECT_TRUE(use->take(caller("a"), query(100)));
  counter.clock->advance(12h - 1us);
  EXPECT_FALSE(use->take(caller("a"), query(1)));
  counter.clock->advance(1us);
  EXPECT_TRUE(use->take(caller("a"), query(100)));
}

TEST(WarehouseUse, IsKnownAfterARestartAndToOthersOverTheSameRows) {
  const Counter counter;
  {
    const auto first = counter.start({});
    const auto second = counter.start({});
    EXPECT_TRUE(first->take(caller("a"), query(30)));
    EXPECT_TRUE(second->take(caller("a"), query(40, "two")));
    EXPECT_TRUE(second->take(caller("a", "bob"), query(5)));
  }
  const auto use = counter.start({.team_bytes = 80, .person_queries = 10});
  const auto report = use->report(caller("a"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->team.bytes, 75);
  EXPECT_EQ(report->team.queries, 3);
  EXPECT_TRUE(report->team.is_nearly_spent);
  EXPECT_EQ(report->person.bytes, 70);
  EXPECT_FALSE(report->person.is_nearly_spent);
  EXPECT_EQ(report->connections.size(), 2U);
  EXPECT_EQ(format_time(report->resets_at), "2026-12-01T00:00:00Z");
  EXPECT_FALSE(use->take(caller("a"), query(6)));
  EXPECT_EQ(use->report(caller("b"))->team.queries, 0);
}

TEST(WarehouseUse, HoldsNumbersOfAnySize) {
  const Counter counter;
  const auto use = counter.start({.team_bytes = std::numeric_limits<std::int64_t>::max()});
  EXPECT_TRUE(use->take(caller("a"), query(std::numeric_limits<std::uint64_t>::max())));
  EXPECT_TRUE(use->take(caller("a"), query(std::numeric_limits<std::uint64_t>::max())));
  EXPECT_EQ(use->report(caller("a"))->team.bytes, std::numeric_limits<std::int64_t>::max());
}

TEST(WarehouseUse, GivesOutNoMoreThanTheCapHoweverManyAskAtOnce) {
  const Counter counter;
  const auto use = counter.start({.team_queries = 500});
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        const std::string person = std::to_string(thread);
        for (int i = 0; i < 100; ++i) {
          if (use->take(caller("a", person.c_str()), query(1))) ++taken;
          if (i % 10 != 0) continue;
          EXPECT_TRUE(use->report(caller("a", person.c_str())));
        }
      });
    }
  }
  EXPECT_EQ(taken, 500);
  EXPECT_EQ(use->report(caller("a"))->team.queries, 500);
}

TEST(WarehouseUse, ForgetsDaysThatAreLongPast) {
  const Counter counter;
  const auto rows_of = [&](std::int64_t day) {
    return read_value<std::vector<UseRow>>(*counter.database, {}, [&](Transaction& t) { return list_uses(t, TeamScope(TeamId("a")), day); })
        ->size();
  };
  const std::int64_t today = std::chrono::floor<std::chrono::days>(kNoon).time_since_epoch().count();
  (void)counter.start({})->take(caller("a"), query(1));
  EXPECT_EQ(rows_of(today), 1U);
  counter.clock->advance(std::chrono::days(40));
  (void)counter.start({})->take(caller("a"), query(1));
  EXPECT_EQ(rows_of(today), 0U);
  EXPECT_EQ(rows_of(today + 40), 1U);
}

}  // namespace
}  // namespace bridge
