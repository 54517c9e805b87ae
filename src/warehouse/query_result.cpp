#include "warehouse/query_result.h"

#include <array>
#include <charconv>
#include <cmath>

#include "warehouse/json_text.h"

namespace bridge {

namespace {

// Length of the valid UTF-8 sequence that starts at `at`, 0 when there is none. Overlong forms and surrogates are not valid.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned second = byte(at + 1);
    if (first == 0xE0 && second < 0xA0) return 0;
    if (first == 0xED && second > 0x9F) return 0;
    return continues(at + 1) && continues(at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned second = byte(at + 1);
    if (first == 0xF0 && second < 0x90) return 0;
    if (first == 0xF4 && second > 0x8F) return 0;
    return continues(at + 1) && continues(at + 2) && continues(at + 3) ? 4 : 0;
  }
  return 0;
}

constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (int i = 0x20; i < 0x80; ++i) plain[i] = i != '"' && i != '\\';
  return plain;
}();

template <class Number>
void append_number(std::string& out, Number value) {
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void append_json_cell(std::string& out, const ResultColumn& column, std::size_t row) {
  if (!column.valid[row]) {
    out += "null";
    return;
  }
  switch (column.type) {
    case ColumnType::boolean: out += column.integers[row] != 0 ? "true" : "false"; break;
    case ColumnType::integer: append_number(out, column.integers[row]); break;
    case ColumnType::number: append_json_number(out, column.numbers[row]); break;
    default: append_json_string(out, column.texts[row]);
  }
}

// Whether a spreadsheet reads the whole cell as a number: an optional sign, digits, one point, an exponent.
bool is_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return false;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes, std::size_t& length) {
  const auto found = std::ranges::find_if(prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
  if (found == prefixes.end()) return false;
  length = found->size();
  return true;
}

// Whether a spreadsheet may run the cell: what begins a formula, also in its full width, behind whatever is not seen.
bool is_formula(std::string_view text) {
  static constexpr auto unseen = std::to_array<std::string_view>(
      {" ",      "\t",     "\r",     "\n",     "\v",     "\f",     "\u00a0", "\u00ad", "\u180e", "\u200b", "\u200c", "\u200d",
       "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2060", "\u3000", "\ufeff"});
  static constexpr auto begins = std::to_array<std::string_view>({"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212"});
  if (text.empty()) return false;
  // Nearly every cell: what begins with a letter or a digit is none.
  const char first = text.front();
  if ((first >= '0' && first <= '9') || (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z')) return false;
  if (first == '\t' || first == '\r') return true;
  if (is_number(text)) return false;
  std::size_t length = 0;
  while (starts_with_any(text, unseen, length)) text.remove_prefix(length);
  return starts_with_any(text, begins, length);
}

void append_csv_text(std::string& out, std::string_view text) {
  const bool is_quoted = text.empty() || std::ranges::any_of(text, [](char c) { return c == ',' || c == '"' || c == '\r' || c == '\n'; });
  if (is_quoted) out += '"';
  if (is_formula(text)) out += '\'';
  while (is_quoted) {
    const std::size_t quote = text.find('"');
    if (quote == std::string_view::npos) break;
    out += text.substr(0, quote + 1);
    out += '"';
    text.remove_prefix(quote + 1);
  }
  out += text;
  if (is_quoted) out += '"';
}

void append_csv_cell(std::string& out, const ResultColumn& column, std::size_t row) {
  if (!column.valid[row]) return;  // null is an empty cell, empty text is ""
  switch (column.type) {
    case ColumnType::boolean: out += column.integers[row] != 0 ? "true" : "false"; break;
    case ColumnType::integer: append_number(out, column.integers[row]); break;
    case ColumnType::number:
      if (std::isfinite(column.numbers[row])) append_number(out, column.numbers[row]);
      break;
    default: append_csv_text(out, column.texts[row]);
  }
}

// A guess that is rarely too small, so that the text is allocated once.
std::size_t encoded_size_estimate(const QueryResult& result) {
  std::size_t bytes = 256;
  for (const ResultColumn& column : result.columns) {
    bytes += 64 + column.name.size() + result.row_count * 4;
    if (column.texts.empty()) bytes += result.row_count * (column.type == ColumnType::number ? 18 : 8);
    for (const std::string& text : column.texts) bytes += text.size();
  }
  return bytes;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (plain_bytes[byte]) {
      ++i;
      continue;
    }
    if (byte >= 0x80) {
      if (const std::size_t length = utf8_length(text, i)) {
        i += length;
        continue;
      }
    }
    out.append(text, start, i - start);
    switch (byte) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte >= 0x80) {
          out += "\xEF\xBF\xBD";
        } else {
          constexpr std::string_view digits = "0123456789abcdef";
          out += "\\u00";
          out += digits[byte >> 4];
          out += digits[byte & 15];
        }
    }
    start = ++i;
  }
  out.append(text, start);
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (std::isfinite(value)) append_number(out, value);
  else out += "null";
}

void append_json_columns(std::string& out, const std::vector<ColumnName>& columns) {
  out += '[';
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    out += "{\"name\":";
    append_json_string(out, columns[i].name);
    out += ",\"type\":\"";
    out += enum_name(columns[i].type);
    out += "\"}";
  }
  out += ']';
}

void append_json_rows(std::string& out, const QueryResult& batch, bool others_before) {
  for (std::size_t row = 0; row < batch.row_count; ++row) {
    out += row > 0 || others_before ? ",[" : "[";
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      if (i > 0) out += ',';
      append_json_cell(out, batch.columns[i], row);
    }
    out += ']';
  }
}

void append_csv_header(std::string& out, const QueryResult& batch) {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_text(out, batch.columns[i].name);
  }
  out += "\r\n";
}

void append_csv_rows(std::string& out, const QueryResult& batch) {
  for (std::size_t row = 0; row < batch.row_count; ++row) {
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      if (i > 0) out += ',';
      append_csv_cell(out, batch.columns[i], row);
    }
    out += "\r\n";
  }
}

std::vector<ColumnName> columns_of(const QueryResult& result) {
  std::vector<ColumnName> columns;
  for (const ResultColumn& column : result.columns) columns.push_back({column.name, column.type});
  return columns;
}

std::string encode_rows(const QueryResult& result) {
  std::string out;
  out.reserve(encoded_size_estimate(result));
  out += "{\"columns\":";
  append_json_columns(out, columns_of(result));
  out += ",\"rows\":[";
  append_json_rows(out, result, false);
  out += "]}";
  return out;
}

namespace {

template <class T>
void append_values(std::vector<T>& values, std::vector<T>& more) {
  values.insert(values.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// 0 for what is no number; each holds the values of the ones before it, but that a number does not hold every big integer.
int width_of(ColumnType type) {
  switch (type) {
    case ColumnType::boolean: return 1;
    case ColumnType::integer: return 2;
    case ColumnType::number: return 3;
    case ColumnType::big_integer: return 4;
    case ColumnType::decimal: return 5;
    default: return 0;
  }
}

bool is_kept_as_integers(ColumnType type) { return type == ColumnType::boolean || type == ColumnType::integer; }

std::string text_of(const ResultColumn& column, std::size_t row) {
  if (!column.valid[row]) return {};
  std::string text;
  if (is_kept_as_integers(column.type)) append_number(text, column.integers[row]);
  else if (column.type == ColumnType::number) append_number(text, column.numbers[row]);
  else text = column.texts[row];
  return text;
}

bool has_values(const ResultColumn& column) { return std::ranges::find(column.valid, true) != column.valid.end(); }

}  // namespace

ColumnType wider_type(ColumnType one, ColumnType other) {
  if (one == other) return one;
  if (width_of(one) > 0 && width_of(other) > 0) {
    const ColumnType wider = width_of(one) > width_of(other) ? one : other;
    const bool has_number = one == ColumnType::number || other == ColumnType::number;
    return has_number && wider == ColumnType::big_integer ? ColumnType::decimal : wider;
  }
  const auto is_day_or_moment = [](ColumnType type) { return type == ColumnType::date || type == ColumnType::timestamp; };
  return is_day_or_moment(one) && is_day_or_moment(other) ? ColumnType::timestamp : ColumnType::text;
}

void widen_column(ResultColumn& column, ColumnType type) {
  if (column.type == type) return;
  if (type == ColumnType::number && is_kept_as_integers(column.type)) {
    column.numbers.assign(column.integers.begin(), column.integers.end());
    column.integers = {};
  } else if (!(is_kept_as_integers(type) && is_kept_as_integers(column.type))) {
    std::vector<std::string> texts;
    texts.reserve(column.valid.size());
    for (std::size_t row = 0; row < column.valid.size(); ++row) {
      texts.push_back(text_of(column, row));
      if (type == ColumnType::timestamp && column.type == ColumnType::date && column.valid[row]) texts.back() += "T00:00:00Z";
    }
    column.texts = std::move(texts);
    column.integers = {};
    column.numbers = {};
  }
  column.type = type;
}

namespace {

void set_type(ResultColumn& column, ColumnType type) {
  if (column.type == type) return;
  if (has_values(column)) return widen_column(column, type);
  const std::size_t rows = column.valid.size();
  column = {.name = std::move(column.name), .type = type, .valid = std::move(column.valid)};
  if (is_kept_as_integers(type)) column.integers.resize(rows);
  else if (type == ColumnType::number) column.numbers.resize(rows);
  else column.texts.resize(rows);
}

}  // namespace

Result<> BatchCollector::take(QueryResult& batch) {
  if (result.columns.empty()) {
    result = std::move(batch);
    return {};
  }
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    ResultColumn& all = result.columns[i];
    ResultColumn& more = batch.columns[i];
    if (all.type != more.type) {
      // Where there is no value, the type was a guess.
      const ColumnType type = !has_values(more) ? all.type : !has_values(all) ? more.type : wider_type(all.type, more.type);
      set_type(all, type);
      set_type(more, type);
    }
    all.valid.insert(all.valid.end(), more.valid.begin(), more.valid.end());
    append_values(all.integers, more.integers);
    append_values(all.numbers, more.numbers);
    append_values(all.texts, more.texts);
  }
  result.row_count += batch.row_count;
  return {};
}

}  // namespace bridge
