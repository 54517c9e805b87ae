#include "warehouse/sqlite/result_reader.h"

#include <sqlite3.h>

#include <bit>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "warehouse/sqlite/limits.h"

namespace bridge::sqlite {

namespace {

constexpr std::size_t bytes_per_fixed_value = 8;  // what a value counts as towards the byte limit, beside its text

std::string_view content_of(sqlite3_stmt* statement, int column, int kind) {
  const auto* bytes = kind == SQLITE_TEXT ? reinterpret_cast<const char*>(sqlite3_column_text(statement, column))
                                          : static_cast<const char*>(sqlite3_column_blob(statement, column));
  return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))) : std::string_view();
}

// The shortest digits that read back as the same number.
std::string digits_of(double value) {
  constexpr double plain_max = 1e15;  // beyond it with an exponent
  char buffer[64];
  const bool is_plain = std::abs(value) < plain_max && (value == 0 || std::abs(value) >= 1e-9);
  const auto end = is_plain ? std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed)
                            : std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end.ptr};
}

// "10", 2 → "10.00"
std::string with_scale(std::string digits, int scale) {
  if (scale == 0 || digits.find_first_not_of("-.0123456789") != std::string::npos) return digits;
  std::size_t point = digits.find('.');
  if (point == std::string::npos) {
    point = digits.size();
    digits += '.';
  }
  const std::size_t behind = digits.size() - point - 1;
  if (behind < static_cast<std::size_t>(scale)) digits.append(static_cast<std::size_t>(scale) - behind, '0');
  return digits;
}

}  // namespace

void see_value(sqlite3_stmt* statement, int column, SeenValues& seen) {
  const int kind = sqlite3_column_type(statement, column);
  switch (kind) {
    case SQLITE_INTEGER: seen.add_integer(sqlite3_column_int64(statement, column)); break;
    case SQLITE_FLOAT: seen.add_real(sqlite3_column_double(statement, column)); break;
    case SQLITE_TEXT: seen.add_text(content_of(statement, column, kind)); break;
    case SQLITE_BLOB: seen.add_blob(); break;
    default: seen.add_null();
  }
}

ResultReader::ResultReader(std::vector<AnswerColumn> columns, const ExecuteLimits& limits) : limits_(limits) {
  for (AnswerColumn& column : columns) columns_.push_back({.known = std::move(column)});
}

bool ResultReader::append(sqlite3_stmt* statement) {
  std::size_t row_bytes = columns_.size() * bytes_per_fixed_value;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const int column = static_cast<int>(i);
    const int kind = sqlite3_column_type(statement, column);
    if (kind == SQLITE_TEXT) row_bytes += static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
    if (kind == SQLITE_BLOB) row_bytes += 2 * static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  }
  if (given_rows_ + row_count_ >= limits_.rows_max || bytes_ + row_bytes > limits_.result_bytes_max) {
    truncated_ = true;
    return false;
  }
  bytes_ += row_bytes;
  batch_bytes_ += row_bytes;
  ++row_count_;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    const int at = static_cast<int>(i);
    const int kind = sqlite3_column_type(statement, at);
    column.kinds.push_back(static_cast<std::uint8_t>(kind));
    std::int64_t number = 0;
    std::string text;
    if (kind == SQLITE_INTEGER) number = sqlite3_column_int64(statement, at);
    if (kind == SQLITE_FLOAT) number = std::bit_cast<std::int64_t>(sqlite3_column_double(statement, at));
    if (kind == SQLITE_TEXT) text = content_of(statement, at, kind);
    if (kind == SQLITE_BLOB) text = "\\x" + encode_hex(content_of(statement, at, kind));
    see_value(statement, at, column.seen);
    column.numbers.push_back(number);
    column.texts.push_back(std::move(text));
  }
  return true;
}

bool ResultReader::has_batch() const { return row_count_ >= batch_rows || batch_bytes_ >= batch_bytes; }

ResultColumn ResultReader::take(Column& column) {
  ResultColumn out{.name = column.known.name, .type = type_for(column.known.type, column.seen)};
  const bool has_values = column.seen.nulls < static_cast<std::int64_t>(column.kinds.size());
  if (column.type_before) out.type = has_values ? wider_type(out.type, *column.type_before) : *column.type_before;
  if (has_values) column.type_before = out.type;
  const std::size_t rows = column.kinds.size();
  out.valid.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const int kind = column.kinds[row];
    const std::int64_t bits = column.numbers[row];
    out.valid.push_back(kind != SQLITE_NULL);
    switch (out.type) {
      case ColumnType::boolean:
      case ColumnType::integer: out.integers.push_back(bits); break;
      case ColumnType::number: out.numbers.push_back(kind == SQLITE_FLOAT ? std::bit_cast<double>(bits) : static_cast<double>(bits)); break;
      default: {
        std::string text = std::move(column.texts[row]);
        if (kind == SQLITE_INTEGER) text = str(bits);
        if (kind == SQLITE_FLOAT) text = digits_of(std::bit_cast<double>(bits));
        if (out.type == ColumnType::decimal && kind != SQLITE_NULL) text = with_scale(std::move(text), column.known.scale);
        if (out.type == ColumnType::timestamp) text = timestamp_of(text).value_or("");
        out.texts.push_back(std::move(text));
      }
    }
  }
  column.seen = {};
  column.kinds.clear();
  column.numbers.clear();
  column.texts.clear();
  return out;
}

Result<> ResultReader::give(BatchSink& sink) {
  if (row_count_ == 0 && has_given_) return {};
  QueryResult batch;
  for (Column& column : columns_) batch.columns.push_back(take(column));
  batch.row_count = row_count_;
  given_rows_ += row_count_;
  row_count_ = 0;
  batch_bytes_ = 0;
  has_given_ = true;
  return sink.take(batch);
}

}  // namespace bridge::sqlite
