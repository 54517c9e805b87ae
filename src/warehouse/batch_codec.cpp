#include "warehouse/batch_codec.h"

#include <cstring>
#include <numeric>

#include "platform/worker_process/wire_format.h"

// A batch: rows (8 bytes), columns (4), whether it is cut off (1), then each column:
//   its name, its type (1), whether it has nulls (1) and then a bit for each row, and its values:
//   boolean, integer, number → 8 bytes for each row; all else → 4 bytes of length for each row, and behind them the texts without a gap.

namespace bridge {

namespace {

bool holds_integers(ColumnType type) { return type == ColumnType::boolean || type == ColumnType::integer; }

template <class T>
void append_array(std::string& out, const std::vector<T>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

void append_validity(std::string& out, const std::vector<bool>& valid) {
  const bool has_nulls = std::find(valid.begin(), valid.end(), false) != valid.end();
  append_plain(out, static_cast<std::uint8_t>(has_nulls));
  if (!has_nulls) return;
  const std::size_t begin = out.size();
  out.resize(begin + (valid.size() + 7) / 8);
  for (std::size_t row = 0; row < valid.size(); ++row) {
    if (valid[row]) out[begin + row / 8] = static_cast<char>(static_cast<unsigned char>(out[begin + row / 8]) | 1U << row % 8);
  }
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) append_plain(out, static_cast<std::uint32_t>(text.size()));
  for (const std::string& text : texts) out += text;
}

std::size_t size_of(const QueryResult& batch) {
  std::size_t bytes = 16;
  for (const ResultColumn& column : batch.columns) {
    bytes += column.name.size() + 8 + column.valid.size() / 8 + 8 * (column.integers.size() + column.numbers.size());
    bytes = std::transform_reduce(column.texts.begin(), column.texts.end(), bytes, std::plus<>(),
                                  [](const std::string& text) { return 4 + text.size(); });
  }
  return bytes;
}

// ---- reading -------------------------------------------------------------------------------------------------------

[[nodiscard]] bool read_validity(WireReader& in, std::size_t rows, std::vector<bool>& valid) {
  bool has_nulls = false;
  if (!read_wire(in, has_nulls)) return false;
  std::string_view bits;
  if (has_nulls && !in.read_bytes((rows + 7) / 8, bits)) return false;
  valid.assign(rows, true);
  for (std::size_t row = 0; has_nulls && row < rows; ++row) valid[row] = (static_cast<unsigned char>(bits[row / 8]) >> row % 8 & 1U) != 0;
  return true;
}

template <class T>
[[nodiscard]] bool read_array(WireReader& in, std::size_t rows, std::vector<T>& values) {
  std::string_view bytes;
  if (!in.read_bytes(rows * sizeof(T), bytes)) return false;
  values.resize(rows);
  if (rows > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  return true;
}

[[nodiscard]] bool read_texts(WireReader& in, std::size_t rows, std::vector<std::string>& texts) {
  std::string_view lengths;
  if (!in.read_bytes(rows * sizeof(std::uint32_t), lengths)) return false;
  texts.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    std::uint32_t length = 0;
    std::memcpy(&length, lengths.data() + row * sizeof length, sizeof length);
    std::string_view text;
    if (!in.read_bytes(length, text)) return false;
    texts.emplace_back(text);
  }
  return true;
}

[[nodiscard]] bool read_column(WireReader& in, std::size_t rows, ResultColumn& column) {
  // The bits of a column without nulls are memory that no byte stands for, so its values are looked at first.
  if (!read_wire(in, column.name) || !read_wire(in, column.type)) return false;
  const std::size_t value_bytes = holds_integers(column.type) || column.type == ColumnType::number ? 8 : 4;
  if (rows > in.left() / value_bytes || !read_validity(in, rows, column.valid)) return false;
  if (holds_integers(column.type)) return read_array(in, rows, column.integers);
  if (column.type == ColumnType::number) return read_array(in, rows, column.numbers);
  return read_texts(in, rows, column.texts);
}

[[nodiscard]] bool read_batch(WireReader& in, QueryResult& batch) {
  std::uint64_t rows = 0;
  std::uint32_t columns = 0;
  if (!in.read_plain(rows) || !in.read_plain(columns) || !read_wire(in, batch.truncated)) return false;
  if (columns > in.left() || (columns == 0 && rows > 0)) return false;
  batch.row_count = rows;
  for (std::uint32_t i = 0; i < columns; ++i) {
    if (!read_column(in, rows, batch.columns.emplace_back())) return false;
  }
  return in.left() == 0;
}

}  // namespace

void append_batch(std::string& out, const QueryResult& batch) {
  out.reserve(out.size() + size_of(batch));
  append_plain(out, static_cast<std::uint64_t>(batch.row_count));
  append_plain(out, static_cast<std::uint32_t>(batch.columns.size()));
  append_wire(out, batch.truncated);
  for (const ResultColumn& column : batch.columns) {
    append_wire(out, column.name);
    append_wire(out, column.type);
    append_validity(out, column.valid);
    if (holds_integers(column.type)) append_array(out, column.integers);
    else if (column.type == ColumnType::number) append_array(out, column.numbers);
    else append_texts(out, column.texts);
  }
}

Result<QueryResult> read_batch(std::string_view bytes) {
  WireReader in(bytes);
  QueryResult batch;
  if (read_batch(in, batch)) return batch;
  return fail(ErrorCode::data_loss, "batch_invalid", "What the engine answered cannot be read");
}

}  // namespace bridge
