#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace bridge {

// What a column of an answer holds, whatever the engine calls it.
// `big_integer` (whole numbers that may be beyond 2^53) and `decimal` travel as text so that nothing is rounded.
enum class ColumnType : std::uint8_t { boolean, integer, big_integer, decimal, number, text, date, timestamp, time, json };
BOOST_DESCRIBE_ENUM(ColumnType, boolean, integer, big_integer, decimal, number, text, date, timestamp, time, json)

struct ColumnName {
  std::string name;
  ColumnType type = ColumnType::text;
};
BOOST_DESCRIBE_STRUCT(ColumnName, (), (name, type))

// One column of values; exactly one vector is in use, each as long as the result has rows, `valid[i]` false for null.
//   boolean, integer → integers; number → numbers; all else → texts (date "2001-01-31", timestamp RFC 3339 in UTC).
struct ResultColumn {
  std::string name;
  ColumnType type = ColumnType::text;
  std::vector<bool> valid;
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

// The answer of a query, as columns.
struct QueryResult {
  std::vector<ResultColumn> columns;
  std::size_t row_count = 0;
  bool truncated = false;  // a row or byte limit cut it off
};

// Takes an answer in batches, so that no more than one of them is in memory. For one thread at a time.
class BatchSink {
 public:
  virtual ~BatchSink() = default;

  // The next rows, none in the batch only when the answer has none at all: then it tells the columns. The batch is the sink's to keep or
  // to change. A column may be `integer` in one batch and `big_integer` in another, as its values need, and of any other type where the
  // engine keeps whatever it is given: together they are of the `wider_type`. A failure ends the query.
  virtual Result<> take(QueryResult& batch) = 0;
};

// The narrowest type that holds the values of both without rounding: whole numbers and floating point are `decimal` where a whole number
// may be beyond 2^53, dates and timestamps are `timestamp`, and what has nothing in common is `text`.
ColumnType wider_type(ColumnType one, ColumnType other);
// Turns the values of a column into those of the type, which is as wide as its own.
void widen_column(ResultColumn& column, ColumnType type);

// Joins batches to one answer.
class BatchCollector final : public BatchSink {
 public:
  Result<> take(QueryResult& batch) override;
  QueryResult result;
};

// [1,"a"],[2,null]: the rows of a batch, with a comma before the first one when others stand before them.
void append_json_rows(std::string& out, const QueryResult& batch, bool others_before);
// [{"name":"n","type":"integer"}]
void append_json_columns(std::string& out, const std::vector<ColumnName>& columns);
// RFC 4180 with a header line. Cells that a spreadsheet may run as a formula (they begin with = + - @, also in full width or behind spaces
// and characters that are not seen, unless they are a number) get a leading quote.
void append_csv_header(std::string& out, const QueryResult& batch);
void append_csv_rows(std::string& out, const QueryResult& batch);

std::vector<ColumnName> columns_of(const QueryResult& result);

// {"columns":[{"name","type"}],"rows":[[…]]}: compact, nothing rounded, NaN and infinities as null.
std::string encode_rows(const QueryResult& result);

}  // namespace bridge
