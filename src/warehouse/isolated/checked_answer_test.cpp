#include "warehouse/isolated/checked_answer.h"

#include <gtest/gtest.h>

#include "warehouse/isolated/protocol.h"

namespace bridge::isolated {
namespace {

// The messages that a worker's program sends.
class SentMessages final : public Reply {
 public:
  Result<> send(std::string_view message) override {
    messages.emplace_back(message);
    return {};
  }
  std::vector<std::string> messages;
};

QueryResult rows(std::size_t count, const std::string& name = "n") {
  return {.columns = {{.name = name,
                       .type = ColumnType::integer,
                       .valid = std::vector<bool>(count, true),
                       .integers = std::vector<std::int64_t>(count, 7)}},
          .row_count = count};
}

std::vector<std::string> messages_of(std::vector<QueryResult> batches, Streamed end) {
  SentMessages sent;
  ReplySink sink(sent);
  for (QueryResult& batch : batches) EXPECT_TRUE(sink.take(batch));
  EXPECT_TRUE(sink.end(end));
  return sent.messages;
}

Result<Streamed> read(const std::vector<std::string>& messages, const ExecuteLimits& limits = {}) {
  BatchCollector collector;
  CheckedAnswer answer(limits, collector);
  for (const std::string& message : messages) TRY(answer.take(message));
  const Streamed streamed = TRY(answer.end());
  EXPECT_EQ(collector.result.row_count, streamed.row_count);
  return streamed;
}

void expect_lie(const std::vector<std::string>& messages, const ExecuteLimits& limits = {}) {
  const auto outcome = read(messages, limits);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::data_loss) << describe_error(outcome.error());
}

TEST(CheckedAnswer, GivesOnWhatIsAsItShouldBe) {
  const auto streamed = read(messages_of({rows(3), rows(2)}, {.row_count = 5, .truncated = true}));
  ASSERT_TRUE(streamed);
  EXPECT_TRUE(streamed->truncated);
  EXPECT_TRUE(read(messages_of({rows(0)}, {})));
}

TEST(CheckedAnswer, BelievesNoCountOfRows) {
  expect_lie(messages_of({rows(3)}, {.row_count = 4}));
  expect_lie(messages_of({rows(3)}, {.row_count = 2}));
  expect_lie(messages_of({}, {}));
  expect_lie(messages_of({rows(3), rows(3)}, {.row_count = 6}), {.rows_max = 5});
}

TEST(CheckedAnswer, HoldsAllBatchesToTheFirstOnesColumns) {
  expect_lie(messages_of({rows(1), rows(1, "other")}, {.row_count = 2}));
  QueryResult wider = rows(1);
  wider.columns.push_back(wider.columns.front());
  expect_lie(messages_of({rows(1), wider}, {.row_count = 2}));
}

TEST(CheckedAnswer, TakesNothingThatIsNoMessageOfAnAnswer) {
  const auto whole = messages_of({rows(3)}, {.row_count = 3});
  expect_lie({whole[0]});
  expect_lie({whole[0], whole[1], whole[0]});
  expect_lie({whole[0], whole[1], whole[1]});
  expect_lie({""});
  expect_lie({"x"});
  for (std::size_t cut = 1; cut < whole[0].size(); ++cut) expect_lie({whole[0].substr(0, cut), whole[1]});
  expect_lie({whole[0] + "x", whole[1]});
  expect_lie({whole[0], whole[1] + "x"});
}

TEST(CheckedAnswer, TakesNoMoreBytesThanWereAskedFor) {
  QueryResult large{.columns = {{.name = "t", .type = ColumnType::text, .valid = {true}, .texts = {std::string(40 << 20, 'x')}}},
                    .row_count = 1};
  const auto messages = messages_of({large, large, large}, {.row_count = 3});
  EXPECT_TRUE(read(messages, {.result_bytes_max = 256 << 20}));
  expect_lie(messages, {.result_bytes_max = 1 << 20});
}

}  // namespace
}  // namespace bridge::isolated
