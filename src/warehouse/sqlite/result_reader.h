#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "warehouse/sqlite/value_types.h"
#include "warehouse/warehouse.h"

struct sqlite3_stmt;

namespace bridge::sqlite {

// A column of an answer, as far as it is known before there are values.
struct AnswerColumn {
  std::string name;
  std::optional<ColumnType> type;  // nothing: its values tell
  int scale = 0;                   // digits behind the point that a decimal is shown with at least
};

// Adds what the statement's row holds there.
void see_value(sqlite3_stmt* statement, int column, SeenValues& seen);

// Turns SQLite's rows, whose every value has a type of its own, into batches of typed columns. A column whose values do not fit its type
// becomes as wide as they need, and stays so in the batches after. Nothing is rounded; blobs are text: \x and hex digits.
class ResultReader final {
 public:
  ResultReader(std::vector<AnswerColumn> columns, const ExecuteLimits& limits);

  // Copies the row that the statement stands on; false when a limit does not let it, and then the answer is truncated.
  bool append(sqlite3_stmt* statement);

  // Whether what was copied since the last batch is enough for one.
  bool has_batch() const;
  // All of it; the columns without rows when there was nothing.
  Result<> give(BatchSink& sink);

  Streamed streamed() const { return {.row_count = given_rows_, .truncated = truncated_}; }

 private:
  // The rows of the batch at hand.
  struct Column {
    AnswerColumn known;
    std::optional<ColumnType> type_before;  // in the batches before, where they had values
    SeenValues seen;
    std::vector<std::uint8_t> kinds;    // SQLite's
    std::vector<std::int64_t> numbers;  // the bits of integers and reals
    std::vector<std::string> texts;     // of texts and blobs
  };
  static ResultColumn take(Column& column);

  ExecuteLimits limits_;
  std::vector<Column> columns_;
  std::size_t row_count_ = 0;   // of the batch at hand
  std::size_t given_rows_ = 0;  // in batches before it
  bool has_given_ = false;
  std::size_t bytes_ = 0;  // of all batches
  std::size_t batch_bytes_ = 0;
  bool truncated_ = false;
};

}  // namespace bridge::sqlite
