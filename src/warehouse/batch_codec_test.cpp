#include "warehouse/batch_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace bridge {
namespace {

QueryResult a_batch() {
  QueryResult batch{.row_count = 3, .truncated = true};
  batch.columns.push_back({.name = "flag", .type = ColumnType::boolean, .valid = {true, false, true}, .integers = {1, 0, 0}});
  batch.columns.push_back({.name = "id",
                           .type = ColumnType::integer,
                           .valid = {true, true, true},
                           .integers = {1, -2, std::numeric_limits<std::int64_t>::min()}});
  batch.columns.push_back({.name = "amount", .type = ColumnType::number, .valid = {true, true, false}, .numbers = {0.5, -0.0, 0}});
  batch.columns.push_back(
      {.name = "name", .type = ColumnType::text, .valid = {true, false, true}, .texts = {std::string("a\0b", 3), "", "\xFF„long”"}});
  batch.columns.push_back({.name = "price", .type = ColumnType::decimal, .valid = {true, true, true}, .texts = {"1.25", "-0.1", "9"}});
  return batch;
}

std::string bytes_of(const QueryResult& batch) {
  std::string bytes;
  append_batch(bytes, batch);
  return bytes;
}

void expect_sound(const QueryResult& batch) {
  for (const ResultColumn& column : batch.columns) {
    ASSERT_EQ(column.valid.size(), batch.row_count);
    ASSERT_EQ(column.integers.size() + column.numbers.size() + column.texts.size(), batch.row_count);
  }
}

TEST(BatchCodec, GivesBackEveryTypeAndNull) {
  const auto back = read_batch(bytes_of(a_batch()));
  ASSERT_TRUE(back);
  expect_sound(*back);
  EXPECT_TRUE(back->truncated);
  EXPECT_EQ(encode_rows(*back), encode_rows(a_batch()));
  EXPECT_EQ(bytes_of(*back), bytes_of(a_batch()));
}

TEST(BatchCodec, GivesBackColumnsWithoutRows) {
  QueryResult batch;
  batch.columns.push_back({.name = "n", .type = ColumnType::number});
  const auto back = read_batch(bytes_of(batch));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->columns[0].type, ColumnType::number);
  EXPECT_TRUE(read_batch(bytes_of({})));
}

TEST(BatchCodec, RefusesWhatIsCutOrHasMore) {
  const std::string bytes = bytes_of(a_batch());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(read_batch(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(read_batch(bytes + '\0'));
}

TEST(BatchCodec, RefusesRowsThatAreNotThere) {
  std::string bytes = bytes_of(a_batch());
  for (const std::uint64_t rows : {std::uint64_t{4}, std::uint64_t{1} << 32, std::numeric_limits<std::uint64_t>::max() / 8 + 1,
                                   std::numeric_limits<std::uint64_t>::max()}) {
    bytes.replace(0, sizeof rows, reinterpret_cast<const char*>(&rows), sizeof rows);
    EXPECT_FALSE(read_batch(bytes)) << rows;
  }
  std::string no_columns = bytes_of({});
  no_columns[0] = 1;
  EXPECT_FALSE(read_batch(no_columns));
}

// A worker that lies: whatever it says is refused, or is a batch that can be used without a second look.
TEST(BatchCodec, ReadsNothingUnsoundOfBytesThatWereChanged) {
  const std::string bytes = bytes_of(a_batch());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      if (const auto read = read_batch(changed)) {
        expect_sound(*read);
        (void)encode_rows(*read);
      }
    }
  }
  std::mt19937 random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::string changed = bytes;
    for (int i = 0; i < 1 + static_cast<int>(random() % 8); ++i) {
      switch (random() % 3) {
        case 0: changed[random() % changed.size()] = static_cast<char>(random()); break;
        case 1: changed.erase(random() % changed.size(), random() % 9); break;
        default: changed.insert(random() % changed.size(), random() % 9, static_cast<char>(random()));
      }
      if (changed.empty()) changed = bytes;
    }
    if (const auto read = read_batch(changed)) {
      expect_sound(*read);
      (void)encode_rows(*read);
    }
  }
}

}  // namespace
}  // namespace bridge
