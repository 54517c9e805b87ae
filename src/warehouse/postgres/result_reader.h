#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "warehouse/postgres/session.h"
#include "warehouse/postgres/value_types.h"
#include "warehouse/warehouse.h"

namespace bridge::postgres {

struct AnswerColumn {
  std::string name;
  ValueType type;
};

// Binary where every column's type can be read so, else all of it as the server writes it: libpq has one format for an answer.
ValueFormat format_for(const std::vector<AnswerColumn>& columns);

// Turns rows into batches of typed columns. Nothing is rounded: whole numbers beyond 2^53 make their batch's column big_integer, days and
// moments without end ("infinity") make it text.
class ResultReader final {
 public:
  ResultReader(std::vector<AnswerColumn> columns, ValueFormat format, const ExecuteLimits& limits);

  // Copies a row; false when a limit does not let it, and then the answer is truncated. data_loss for bytes that are no such value.
  Result<bool> append(const RowView& row);

  // Whether what was copied since the last batch is enough for one.
  bool has_batch() const { return row_count_ >= batch_rows_ || batch_size_ >= batch_bytes_; }
  // All of it; the columns without rows when there was nothing.
  Result<> give(BatchSink& sink);

  Streamed streamed() const { return {.row_count = given_rows_, .truncated = truncated_}; }

 private:
  struct Column {
    AnswerColumn known;
    ResultColumn values;
    bool has_large = false;    // a whole number beyond 2^53
    bool has_endless = false;  // a day or moment without end
  };
  static bool read_text(Column& column, std::string_view value);
  static bool read_binary(Column& column, std::string_view value);
  static void append_null(Column& column);
  static ResultColumn take(Column& column);

  const ValueFormat format_;
  const ExecuteLimits limits_;
  const std::size_t batch_rows_;
  const std::size_t batch_bytes_;
  std::vector<Column> columns_;
  std::size_t row_count_ = 0;   // of the batch at hand
  std::size_t given_rows_ = 0;  // in batches before it
  bool has_given_ = false;
  std::size_t bytes_ = 0;  // of all batches
  std::size_t batch_size_ = 0;
  bool truncated_ = false;
};

}  // namespace bridge::postgres
