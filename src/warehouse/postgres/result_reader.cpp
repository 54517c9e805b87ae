#include "warehouse/postgres/result_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "warehouse/postgres/limits.h"
#include "warehouse/postgres/value_reading.h"

namespace bridge::postgres {

namespace {

constexpr std::int64_t exact_double_max = std::int64_t{1} << 53;  // beyond it a JSON reader rounds
constexpr std::size_t bytes_per_value = 8;                        // what a value counts as towards the byte limit, beside its text

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = (number << 8) | static_cast<unsigned char>(byte);
  return number;
}

enum class Storage : std::uint8_t { integers, numbers, texts };
Storage storage_of(ValueKind kind) {
  switch (column_type_of(kind)) {
    case ColumnType::boolean:
    case ColumnType::integer: return Storage::integers;
    case ColumnType::number: return Storage::numbers;
    default: return Storage::texts;
  }
}

bool parse_number(std::string_view text, double& number) {
  if (text == "NaN") number = std::numeric_limits<double>::quiet_NaN();
  else if (text == "Infinity") number = std::numeric_limits<double>::infinity();
  else if (text == "-Infinity") number = -std::numeric_limits<double>::infinity();
  else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
  }
  return true;
}

}  // namespace

ValueFormat format_for(const std::vector<AnswerColumn>& columns) {
  const bool all = std::ranges::all_of(columns, [](const AnswerColumn& column) { return column.type.has_binary; });
  return all ? ValueFormat::binary : ValueFormat::text;
}

ResultReader::ResultReader(std::vector<AnswerColumn> columns, ValueFormat format, const ExecuteLimits& limits)
    : format_(format), limits_(limits), batch_rows_(batch_rows), batch_bytes_(batch_bytes) {
  for (AnswerColumn& column : columns) columns_.push_back({.known = std::move(column)});
}

void ResultReader::append_null(Column& column) {
  column.values.valid.push_back(false);
  switch (storage_of(column.known.type.kind)) {
    case Storage::integers: column.values.integers.push_back(0); return;
    case Storage::numbers: column.values.numbers.push_back(0); return;
    case Storage::texts: column.values.texts.emplace_back();
  }
}

bool ResultReader::read_text(Column& column, std::string_view value) {
  ResultColumn& out = column.values;
  const auto text = [&](std::string content) {
    out.texts.push_back(std::move(content));
    return true;
  };
  const ValueType& type = column.known.type;
  switch (type.kind) {
    case ValueKind::boolean: out.integers.push_back(value == "t" ? 1 : 0); return value == "t" || value == "f";
    case ValueKind::whole_number: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      out.integers.push_back(number);
      column.has_large = column.has_large || number > exact_double_max || number < -exact_double_max;
      return error == std::errc() && end == value.data() + value.size();
    }
    case ValueKind::float4:
    case ValueKind::float8: {
      double number = 0;
      const bool is_read = parse_number(value, number);
      out.numbers.push_back(number);
      return is_read;
    }
    case ValueKind::date:
    case ValueKind::timestamp:
      column.has_endless = column.has_endless || value == "infinity" || value == "-infinity";
      return text(type.kind == ValueKind::date ? date_from_server_text(value) : timestamp_from_server_text(value));
    case ValueKind::array: return text(array_json(value, type.element, type.delimiter));
    default: return text(std::string(value));
  }
}

bool ResultReader::read_binary(Column& column, std::string_view value) {
  ResultColumn& out = column.values;
  const auto text = [&](std::string content) {
    out.texts.push_back(std::move(content));
    return true;
  };
  const std::size_t size = value.size();
  switch (column.known.type.kind) {
    case ValueKind::boolean: out.integers.push_back(size == 1 && value[0] != 0 ? 1 : 0); return size == 1;
    case ValueKind::whole_number: {
      const std::uint64_t bits = big_endian(value);
      std::int64_t number = static_cast<std::int64_t>(bits);
      if (size == 2) number = static_cast<std::int16_t>(bits);
      else if (size == 4) number = static_cast<std::int32_t>(bits);
      out.integers.push_back(number);
      column.has_large = column.has_large || number > exact_double_max || number < -exact_double_max;
      return size == 2 || size == 4 || size == 8;
    }
    case ValueKind::float4:
      out.numbers.push_back(size == 4 ? widened(std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(value)))) : 0);
      return size == 4;
    case ValueKind::float8: out.numbers.push_back(size == 8 ? std::bit_cast<double>(big_endian(value)) : 0); return size == 8;
    case ValueKind::numeric: {
      std::string digits = numeric_text(value);
      const bool is_read = !digits.empty();
      text(std::move(digits));
      return is_read;
    }
    case ValueKind::jsonb: return size >= 1 && value[0] == 1 && text(std::string(value.substr(1)));  // 1: the form's version
    case ValueKind::bytes: return text("\\x" + encode_hex(value));
    case ValueKind::uuid: return size == 16 && text(uuid_text(value));
    case ValueKind::date: {
      if (size != 4) return false;
      const auto days = static_cast<std::int32_t>(big_endian(value));
      const bool is_last = days == std::numeric_limits<std::int32_t>::max();
      const bool is_first = days == std::numeric_limits<std::int32_t>::min();
      column.has_endless = column.has_endless || is_last || is_first;
      return text(is_last ? "infinity" : is_first ? "-infinity" : date_text(days));
    }
    case ValueKind::timestamp: {
      if (size != 8) return false;
      const auto micros = static_cast<std::int64_t>(big_endian(value));
      const bool is_last = micros == std::numeric_limits<std::int64_t>::max();
      const bool is_first = micros == std::numeric_limits<std::int64_t>::min();
      column.has_endless = column.has_endless || is_last || is_first;
      return text(is_last ? "infinity" : is_first ? "-infinity" : timestamp_text(micros));
    }
    case ValueKind::time: return size == 8 && text(time_text(static_cast<std::int64_t>(big_endian(value))));
    case ValueKind::text:
    case ValueKind::json: return text(std::string(value));
    case ValueKind::array: break;
  }
  return false;
}

Result<bool> ResultReader::append(const RowView& row) {
  std::size_t row_bytes = columns_.size() * bytes_per_value;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::size_t size = row.value(i).size();
    if (storage_of(columns_[i].known.type.kind) != Storage::texts) continue;
    const bool grows = format_ == ValueFormat::binary && columns_[i].known.type.kind == ValueKind::bytes;
    row_bytes += grows ? 2 * size : size;
  }
  if (given_rows_ + row_count_ >= limits_.rows_max || bytes_ + row_bytes > limits_.result_bytes_max) {
    truncated_ = true;
    return false;
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    if (row.is_null(i)) {
      append_null(column);
      continue;
    }
    column.values.valid.push_back(true);
    const std::string_view value = row.value(i);
    if (format_ == ValueFormat::binary ? read_binary(column, value) : read_text(column, value)) continue;
    return fail(Error{.code = ErrorCode::data_loss,
                      .message = str("The answer cannot be read: a value of the column '", column.known.name, "' is not of its type"),
                      .reason = "answer_broken"});
  }
  bytes_ += row_bytes;
  batch_size_ += row_bytes;
  ++row_count_;
  return true;
}

ResultColumn ResultReader::take(Column& column) {
  ResultColumn out = std::move(column.values);
  out.name = column.known.name;
  out.type = column_type_of(column.known.type.kind);
  if (column.has_large) widen_column(out, ColumnType::big_integer);
  if (column.has_endless) out.type = ColumnType::text;
  column.values = {};
  column.has_large = false;
  column.has_endless = false;
  return out;
}

Result<> ResultReader::give(BatchSink& sink) {
  if (row_count_ == 0 && has_given_) return {};
  QueryResult batch;
  for (Column& column : columns_) batch.columns.push_back(take(column));
  batch.row_count = row_count_;
  given_rows_ += row_count_;
  row_count_ = 0;
  batch_size_ = 0;
  has_given_ = true;
  return sink.take(batch);
}

}  // namespace bridge::postgres
