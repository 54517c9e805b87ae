#include "features/query_execution/answer_memory.h"

#include <gtest/gtest.h>

#include "features/query_execution/query_execution.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMegabyte = 1 << 20;

SharedBytes bytes_of(std::size_t size) { return std::make_shared<const std::string>(size, 'x'); }

std::shared_ptr<AnswerMemory> memory_of(AnswerMemoryLimits limits) { return std::make_shared<AnswerMemory>(limits); }

TEST(AnswerMemory, CountsAnAnswerForAsLongAsAnybodyHasIt) {
  const auto memory = memory_of({.bytes_max = 100, .running_max = 1});
  auto view = std::make_shared<AnswerView>(memory);
  SharedBytes held = *memory->hold({}, view, bytes_of(60));
  view.reset();
  SharedBytes also = held;
  EXPECT_EQ(memory->bytes_used(), 60u);
  held.reset();
  EXPECT_EQ(memory->bytes_used(), 60u);
  EXPECT_EQ(also->size(), 60u);
  also.reset();
  EXPECT_EQ(memory->bytes_used(), 0u);
}

TEST(AnswerMemory, SaysWhetherOthersHaveTheMemoryOrTheRequestAsksForTooMuch) {
  const auto memory = memory_of({.bytes_max = 100, .running_max = 1});
  const auto view = std::make_shared<AnswerView>(memory);
  const SharedBytes held = *memory->hold({}, view, bytes_of(60));
  EXPECT_EQ(memory->hold({}, view, bytes_of(60)).error().reason, "answers_too_large");
  const auto other = std::make_shared<AnswerView>(memory);
  const auto refused = memory->hold({}, other, bytes_of(60));
  EXPECT_EQ(refused.error().reason, "out_of_memory");
  EXPECT_TRUE(refused.error().retry_after.has_value());
  EXPECT_EQ(memory->bytes_used(), 60u) << "what was refused is not counted";
}

TEST(AnswerMemory, PastHalfOfItOnlyTheOldestViewGoesOnUntilThereIsRoom) {
  const auto memory = memory_of({.bytes_max = 100, .running_max = 4, .wait_max = 20ms});
  auto oldest = std::make_shared<AnswerView>(memory);
  const auto other = std::make_shared<AnswerView>(memory);
  SharedBytes held = *memory->hold({}, oldest, bytes_of(60));
  EXPECT_TRUE(memory->wait_for_turn({}, *oldest, "a").has_value());
  EXPECT_EQ(memory->wait_for_turn({}, *other, "a").error().reason, "out_of_memory");
  oldest.reset();
  held.reset();
  EXPECT_TRUE(memory->wait_for_turn({}, *other, "a").has_value());
}

TEST(AnswerMemory, TheOldestViewGetsWhatTheOthersGiveUp) {
  const auto memory = memory_of({.bytes_max = 100, .running_max = 4, .wait_max = 5s});
  const auto oldest = std::make_shared<AnswerView>(memory);
  auto other = std::make_shared<AnswerView>(memory);
  SharedBytes of_other = *memory->hold({}, other, bytes_of(60));
  std::jthread asks([&] { EXPECT_TRUE(memory->hold({}, oldest, bytes_of(80)).has_value()); });
  EXPECT_EQ(memory->wait_for_turn({}, *other, "a").error().reason, "out_of_memory") << "at once, not after the whole wait";
  of_other.reset();
  other.reset();
}

TEST(AnswerMemory, RunsSoManyQueriesAtATimeAndGivesTheTurnOn) {
  const auto memory = memory_of({.bytes_max = 100, .running_max = 1, .wait_max = 5s});
  const auto view = std::make_shared<AnswerView>(memory);
  std::optional<AnswerMemory::Turn> turn(*memory->wait_for_turn({}, *view, "a"));
  CallContext gone;
  std::stop_source stop;
  stop.request_stop();
  gone.stop = stop.get_token();
  EXPECT_EQ(memory->wait_for_turn(gone, *view, "a").error().code, ErrorCode::cancelled);
  std::jthread waiting([&] { EXPECT_TRUE(memory->wait_for_turn({}, *view, "a").has_value()); });
  std::this_thread::sleep_for(5ms);
  turn.reset();
}

TEST(AnswerMemory, AConnectionWhoseQueriesHangLeavesTurnsToTheOthers) {
  const auto memory = memory_of({.bytes_max = 100, .running_max = 4, .wait_max = 20ms});
  const auto view = std::make_shared<AnswerView>(memory);
  const auto first = memory->wait_for_turn({}, *view, "hangs");
  const auto second = memory->wait_for_turn({}, *view, "hangs");
  ASSERT_TRUE(first && second);
  const auto refused = memory->wait_for_turn({}, *view, "hangs");
  EXPECT_EQ(refused.error().reason, "connection_busy");
  EXPECT_TRUE(refused.error().retry_after.has_value());
  const auto third = memory->wait_for_turn({}, *view, "hangs too");
  ASSERT_TRUE(third);
  EXPECT_TRUE(memory->wait_for_turn({}, *view, "well").has_value());
}

TEST(AnswerMemory, IsAShareOfWhatTheProcessMayTake) {
  EXPECT_EQ(answer_memory_limits(700 * kMegabyte).running_max, 1);
  EXPECT_EQ(answer_memory_limits(2'048 * kMegabyte).running_max, 4);
  EXPECT_LT(answer_memory_limits(700 * kMegabyte).bytes_max, 350 * kMegabyte);
}

TEST(AnswerMemory, AnswersThatAreSentLeaveNoRoomForOthersUntilTheyAreGone) {
  const auto cache = make_memory_cache(1'000);  // keeps nothing of this size
  const auto queries = make_query_execution(*cache, make_system_clock(), {.bytes_max = 5'000, .running_max = 1, .wait_max = 10ms});
  const QueryEngine engine{
      .dry_run = [](const CallContext&, const BoundQuery&) -> Result<DryRun> { return DryRun{}; },
      .execute = [](const CallContext&, const BoundQuery&, const ExecuteLimits&) -> Result<QueryResult> {
        QueryResult result{.row_count = 1};
        result.columns = {{.name = "t", .type = ColumnType::text, .valid = {true}, .texts = {std::string(1'500, 'x')}}};
        return result;
      }};
  CallContext context;
  context.caller.team_id = TeamId("a");
  const auto ask = [&](std::string sql) { return queries->execute(context, {.slug = "s", .query = {.sql = std::move(sql)}}, engine); };
  std::optional<Result<QueryAnswer>> first(ask("SELECT 1"));
  std::optional<Result<QueryAnswer>> second(ask("SELECT 2"));
  ASSERT_TRUE(first->has_value() && second->has_value());
  EXPECT_EQ(ask("SELECT 3").error().reason, "out_of_memory");
  first.reset();
  second.reset();
  EXPECT_TRUE(ask("SELECT 3").has_value());
}

}  // namespace
}  // namespace bridge
