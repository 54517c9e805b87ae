#include "warehouse/duckdb/result_reader.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "warehouse/duckdb/duckdb_library.h"
#include "warehouse/json_text.h"

namespace bridge::duckdb {

namespace {

constexpr std::int64_t exact_double_max = std::int64_t{1} << 53;  // beyond it a JSON reader rounds
constexpr std::size_t bytes_per_fixed_value = 8;                  // what a value counts as towards the byte limit, beside its text
constexpr int nesting_max = 64;
constexpr std::size_t batch_rows = 8'192;
constexpr std::size_t batch_bytes = 4 << 20;

using int128 = __int128;

int128 to_int128(duckdb_hugeint value) { return (static_cast<int128>(value.upper) << 64) | static_cast<int128>(value.lower); }

void append_unsigned128(std::string& out, unsigned __int128 value) {
  char buffer[48];
  char* at = buffer + sizeof buffer;
  do {
    *--at = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  out.append(at, buffer + sizeof buffer);
}

void append_int128(std::string& out, int128 value) {
  if (value < 0) out += '-';
  append_unsigned128(out, value < 0 ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value));
}

void append_padded(std::string& out, std::int64_t value, int digits) {
  char buffer[24];
  const auto length = static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, value).ptr - buffer);
  for (auto i = static_cast<int>(length); i < digits; ++i) out += '0';
  out.append(buffer, length);
}

// Days since 1970-01-01 as "2001-01-31", in the proleptic Gregorian calendar.
void append_date(std::string& out, std::int64_t days) {
  // Howard Hinnant's civil_from_days: https://howardhinnant.github.io/date_algorithms.html
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  std::int64_t year = static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
  if (year < 0) {
    out += '-';
    year = -year;
  }
  append_padded(out, year, 4);
  out += '-';
  append_padded(out, month, 2);
  out += '-';
  append_padded(out, day, 2);
}

void append_time(std::string& out, std::int64_t micros_of_day) {
  append_padded(out, micros_of_day / 3'600'000'000, 2);
  out += ':';
  append_padded(out, micros_of_day / 60'000'000 % 60, 2);
  out += ':';
  append_padded(out, micros_of_day / 1'000'000 % 60, 2);
  if (const std::int64_t micros = micros_of_day % 1'000'000; micros != 0) {
    out += '.';
    append_padded(out, micros, 6);
  }
}

void append_timestamp(std::string& out, std::int64_t micros) {
  constexpr std::int64_t micros_per_day = 86'400'000'000;
  std::int64_t days = micros / micros_per_day;
  if (micros % micros_per_day < 0) --days;
  append_date(out, days);
  out += 'T';
  append_time(out, micros - days * micros_per_day);
  out += 'Z';
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

void append_decimal(std::string& out, int128 unscaled, int scale) {
  const bool is_negative = unscaled < 0;
  std::string digits;
  append_unsigned128(digits, is_negative ? -static_cast<unsigned __int128>(unscaled) : static_cast<unsigned __int128>(unscaled));
  if (static_cast<int>(digits.size()) <= scale) digits.insert(0, static_cast<std::size_t>(scale) + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), 1, '.');
  if (is_negative) out += '-';
  out += digits;
}

void append_interval(std::string& out, const duckdb_interval& interval) {
  const std::size_t start = out.size();
  const auto part = [&](std::int64_t count, std::string_view unit) {
    if (count == 0) return;
    if (out.size() > start) out += ' ';
    out += str(count, ' ', unit, count == 1 || count == -1 ? "" : "s");
  };
  part(interval.months / 12, "year");
  part(interval.months % 12, "month");
  part(interval.days, "day");
  if (interval.micros != 0 || out.size() == start) {
    if (out.size() > start) out += ' ';
    if (interval.micros < 0) out += '-';
    append_time(out, interval.micros < 0 ? -interval.micros : interval.micros);
  }
}

void append_uuid(std::string& out, duckdb_hugeint value) {
  constexpr std::string_view digits = "0123456789abcdef";
  // The top bit is flipped in storage so that signed comparison sorts as text does.
  const std::uint64_t parts[2] = {static_cast<std::uint64_t>(value.upper) ^ (1ULL << 63), value.lower};
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
    out += digits[(parts[i / 16] >> (60 - 4 * (i % 16))) & 15];
  }
}

std::string_view text_at(const duckdb_string_t* values, idx_t row) {
  const duckdb_string_t& value = values[row];
  return capi::string_is_inlined(value) ? std::string_view(value.value.inlined.inlined, value.value.inlined.length)
                                        : std::string_view(value.value.pointer.ptr, value.value.pointer.length);
}

struct LogicalTypeCloser {
  void operator()(_duckdb_logical_type* type) const { capi::destroy_logical_type(&type); }
};
using LogicalType = std::unique_ptr<_duckdb_logical_type, LogicalTypeCloser>;

bool has_alias(duckdb_logical_type type, std::string_view wanted) {
  char* alias = capi::logical_type_get_alias(type);
  const bool is_same = alias && wanted == alias;
  capi::free(alias);
  return is_same;
}

// What is asked of a type once per column and not once per value.
struct TypeInfo {
  duckdb_type id = DUCKDB_TYPE_INVALID;
  duckdb_type storage = DUCKDB_TYPE_INVALID;  // of decimals and enums
  int scale = 0;
  bool is_json_text = false;
  std::vector<std::string> names;  // of enum values or of fields
  std::vector<TypeInfo> children;
  idx_t array_size = 0;
};

TypeInfo type_info_of(duckdb_logical_type type) {
  TypeInfo info{.id = capi::get_type_id(type)};
  const auto add_child = [&](duckdb_logical_type child) {
    const LogicalType owned(child);
    info.children.push_back(type_info_of(child));
  };
  const auto add_name = [&](char* name) {
    info.names.emplace_back(name ? name : "");
    capi::free(name);
  };
  switch (info.id) {
    case DUCKDB_TYPE_VARCHAR: info.is_json_text = has_alias(type, "JSON"); break;
    case DUCKDB_TYPE_DECIMAL:
      info.storage = capi::decimal_internal_type(type);
      info.scale = capi::decimal_scale(type);
      break;
    case DUCKDB_TYPE_ENUM:
      info.storage = capi::enum_internal_type(type);
      for (idx_t i = 0; i < capi::enum_dictionary_size(type); ++i) add_name(capi::enum_dictionary_value(type, i));
      break;
    case DUCKDB_TYPE_LIST: add_child(capi::list_type_child_type(type)); break;
    case DUCKDB_TYPE_ARRAY:
      info.array_size = capi::array_type_array_size(type);
      add_child(capi::array_type_child_type(type));
      break;
    case DUCKDB_TYPE_MAP:
      add_child(capi::map_type_key_type(type));
      add_child(capi::map_type_value_type(type));
      break;
    case DUCKDB_TYPE_STRUCT:
      for (idx_t i = 0; i < capi::struct_type_child_count(type); ++i) {
        add_name(capi::struct_type_child_name(type, i));
        add_child(capi::struct_type_child_type(type, i));
      }
      break;
    default: break;
  }
  return info;
}

bool is_valid_at(duckdb_vector vector, idx_t row) {
  std::uint64_t* validity = capi::vector_get_validity(vector);
  return !validity || capi::validity_row_is_valid(validity, row);
}

// The value as text (false: it has none, such as an infinite date). Only for types that are not nested.
bool append_scalar(std::string& out, const TypeInfo& type, void* data, idx_t row) {
  switch (type.id) {
    case DUCKDB_TYPE_BOOLEAN: out += static_cast<bool*>(data)[row] ? "true" : "false"; return true;
    case DUCKDB_TYPE_TINYINT: out += str(static_cast<int>(static_cast<std::int8_t*>(data)[row])); return true;
    case DUCKDB_TYPE_SMALLINT: out += str(static_cast<std::int16_t*>(data)[row]); return true;
    case DUCKDB_TYPE_INTEGER: out += str(static_cast<std::int32_t*>(data)[row]); return true;
    case DUCKDB_TYPE_BIGINT: out += str(static_cast<std::int64_t*>(data)[row]); return true;
    case DUCKDB_TYPE_UTINYINT: out += str(static_cast<unsigned>(static_cast<std::uint8_t*>(data)[row])); return true;
    case DUCKDB_TYPE_USMALLINT: out += str(static_cast<std::uint16_t*>(data)[row]); return true;
    case DUCKDB_TYPE_UINTEGER: out += str(static_cast<std::uint32_t*>(data)[row]); return true;
    case DUCKDB_TYPE_UBIGINT: out += str(static_cast<std::uint64_t*>(data)[row]); return true;
    case DUCKDB_TYPE_HUGEINT: append_int128(out, to_int128(static_cast<duckdb_hugeint*>(data)[row])); return true;
    case DUCKDB_TYPE_UHUGEINT: {
      const duckdb_uhugeint value = static_cast<duckdb_uhugeint*>(data)[row];
      append_unsigned128(out, (static_cast<unsigned __int128>(value.upper) << 64) | value.lower);
      return true;
    }
    case DUCKDB_TYPE_FLOAT: append_json_number(out, static_cast<float*>(data)[row]); return true;
    case DUCKDB_TYPE_DOUBLE: append_json_number(out, static_cast<double*>(data)[row]); return true;
    case DUCKDB_TYPE_DECIMAL: {
      int128 value = 0;
      switch (type.storage) {
        case DUCKDB_TYPE_SMALLINT: value = static_cast<std::int16_t*>(data)[row]; break;
        case DUCKDB_TYPE_INTEGER: value = static_cast<std::int32_t*>(data)[row]; break;
        case DUCKDB_TYPE_BIGINT: value = static_cast<std::int64_t*>(data)[row]; break;
        default: value = to_int128(static_cast<duckdb_hugeint*>(data)[row]);
      }
      append_decimal(out, value, type.scale);
      return true;
    }
    case DUCKDB_TYPE_VARCHAR: out += text_at(static_cast<duckdb_string_t*>(data), row); return true;
    case DUCKDB_TYPE_BLOB: out += encode_hex(text_at(static_cast<duckdb_string_t*>(data), row)); return true;
    case DUCKDB_TYPE_BIT: {
      const std::string_view bits = text_at(static_cast<duckdb_string_t*>(data), row);  // the first byte counts the padding bits
      const std::size_t padding = bits.empty() ? 0 : static_cast<unsigned char>(bits[0]);
      for (std::size_t i = padding; i + 8 < bits.size() * 8; ++i)
        out += (static_cast<unsigned char>(bits[1 + i / 8]) >> (7 - i % 8)) & 1 ? '1' : '0';
      return true;
    }
    case DUCKDB_TYPE_ENUM: {
      std::size_t index = 0;
      switch (type.storage) {
        case DUCKDB_TYPE_UTINYINT: index = static_cast<std::uint8_t*>(data)[row]; break;
        case DUCKDB_TYPE_USMALLINT: index = static_cast<std::uint16_t*>(data)[row]; break;
        default: index = static_cast<std::uint32_t*>(data)[row];
      }
      if (index < type.names.size()) out += type.names[index];
      return true;
    }
    case DUCKDB_TYPE_DATE: {
      const duckdb_date value = static_cast<duckdb_date*>(data)[row];
      if (!capi::is_finite_date(value)) return false;
      append_date(out, value.days);
      return true;
    }
    case DUCKDB_TYPE_TIME: append_time(out, static_cast<duckdb_time*>(data)[row].micros); return true;
    case DUCKDB_TYPE_TIME_TZ: {
      const duckdb_time_tz_struct value = capi::from_time_tz(static_cast<duckdb_time_tz*>(data)[row]);
      append_time(out, ((value.time.hour * 60LL + value.time.min) * 60 + value.time.sec) * 1'000'000 + value.time.micros);
      out += value.offset < 0 ? '-' : '+';
      const int offset = value.offset < 0 ? -value.offset : value.offset;
      append_padded(out, offset / 3600, 2);
      out += ':';
      append_padded(out, offset / 60 % 60, 2);
      return true;
    }
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ: {
      const duckdb_timestamp value = static_cast<duckdb_timestamp*>(data)[row];
      if (!capi::is_finite_timestamp(value)) return false;
      append_timestamp(out, value.micros);
      return true;
    }
    case DUCKDB_TYPE_TIMESTAMP_S: {
      const duckdb_timestamp_s value = static_cast<duckdb_timestamp_s*>(data)[row];
      if (!capi::is_finite_timestamp_s(value)) return false;
      append_timestamp(out, value.seconds * 1'000'000);
      return true;
    }
    case DUCKDB_TYPE_TIMESTAMP_MS: {
      const duckdb_timestamp_ms value = static_cast<duckdb_timestamp_ms*>(data)[row];
      if (!capi::is_finite_timestamp_ms(value)) return false;
      append_timestamp(out, value.millis * 1'000);
      return true;
    }
    case DUCKDB_TYPE_TIMESTAMP_NS: {
      const duckdb_timestamp_ns value = static_cast<duckdb_timestamp_ns*>(data)[row];
      if (!capi::is_finite_timestamp_ns(value)) return false;
      append_timestamp(out, floor_divide(value.nanos, 1'000));
      return true;
    }
    case DUCKDB_TYPE_INTERVAL: append_interval(out, static_cast<duckdb_interval*>(data)[row]); return true;
    case DUCKDB_TYPE_UUID: append_uuid(out, static_cast<duckdb_hugeint*>(data)[row]); return true;
    default: return false;
  }
}

bool is_json_literal(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE: return true;
    default: return false;
  }
}

void append_json(std::string& out, const TypeInfo& type, duckdb_vector vector, idx_t row, int depth) {
  if (!is_valid_at(vector, row) || depth > nesting_max) {
    out += "null";
    return;
  }
  void* data = capi::vector_get_data(vector);
  switch (type.id) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY: {
      const bool is_list = type.id == DUCKDB_TYPE_LIST;
      duckdb_vector child = is_list ? capi::list_vector_get_child(vector) : capi::array_vector_get_child(vector);
      const duckdb_list_entry entry =
          is_list ? static_cast<duckdb_list_entry*>(data)[row] : duckdb_list_entry{row * type.array_size, type.array_size};
      out += '[';
      for (idx_t i = 0; i < entry.length; ++i) {
        if (i > 0) out += ',';
        append_json(out, type.children[0], child, entry.offset + i, depth + 1);
      }
      out += ']';
      return;
    }
    case DUCKDB_TYPE_STRUCT:
      out += '{';
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, type.names[i]);
        out += ':';
        append_json(out, type.children[i], capi::struct_vector_get_child(vector, i), row, depth + 1);
      }
      out += '}';
      return;
    case DUCKDB_TYPE_MAP: {
      duckdb_vector entries = capi::list_vector_get_child(vector);
      duckdb_vector keys = capi::struct_vector_get_child(entries, 0);
      duckdb_vector values = capi::struct_vector_get_child(entries, 1);
      const duckdb_list_entry entry = static_cast<duckdb_list_entry*>(data)[row];
      out += '{';
      for (idx_t i = 0; i < entry.length; ++i) {
        if (i > 0) out += ',';
        std::string key;
        if (!append_scalar(key, type.children[0], capi::vector_get_data(keys), entry.offset + i)) {
          append_json(key, type.children[0], keys, entry.offset + i, depth + 1);  // a nested key
        }
        append_json_string(out, key);
        out += ':';
        append_json(out, type.children[1], values, entry.offset + i, depth + 1);
      }
      out += '}';
      return;
    }
    default: {
      if (type.is_json_text || is_json_literal(type.id)) {
        append_scalar(out, type, data, row);
        return;
      }
      std::string text;
      if (append_scalar(text, type, data, row)) append_json_string(out, text);
      else out += "null";
    }
  }
}

bool is_nested(duckdb_type type) {
  return type == DUCKDB_TYPE_LIST || type == DUCKDB_TYPE_ARRAY || type == DUCKDB_TYPE_STRUCT || type == DUCKDB_TYPE_MAP;
}

bool is_readable(const TypeInfo& type) {
  switch (type.id) {
    case DUCKDB_TYPE_INVALID:
    case DUCKDB_TYPE_UNION:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_ANY:
    case DUCKDB_TYPE_TIME_NS:
    case DUCKDB_TYPE_STRING_LITERAL:
    case DUCKDB_TYPE_INTEGER_LITERAL: return false;
    default: return std::ranges::all_of(type.children, is_readable);
  }
}

}  // namespace

ColumnType column_type_of(_duckdb_logical_type* type) {
  switch (capi::get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN: return ColumnType::boolean;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT: return ColumnType::integer;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE: return ColumnType::number;
    case DUCKDB_TYPE_DECIMAL: return ColumnType::decimal;
    case DUCKDB_TYPE_DATE: return ColumnType::date;
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_TIME_NS: return ColumnType::time;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ: return ColumnType::timestamp;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION: return ColumnType::json;
    case DUCKDB_TYPE_VARCHAR: return has_alias(type, "JSON") ? ColumnType::json : ColumnType::text;
    default: return ColumnType::text;
  }
}

bool is_readable_type(_duckdb_logical_type* type) { return is_readable(type_info_of(type)); }

struct ResultReader::Column {
  ResultColumn result;
  ColumnType declared = ColumnType::text;
  TypeInfo type;
  std::string scratch;

  // Without rows, and as its type is before a value widens it.
  ResultColumn empty() const { return {.name = result.name, .type = declared}; }

  // Copies up to `rows` rows and adds the bytes of each to `row_bytes`; returns how many rows fit into `bytes_left` together.
  std::size_t append(duckdb_vector vector, std::size_t rows, std::vector<std::size_t>& row_bytes, std::size_t bytes_left) {
    void* data = capi::vector_get_data(vector);
    std::uint64_t* validity = capi::vector_get_validity(vector);
    const auto is_valid = [&](idx_t row) { return !validity || (validity[row / 64] >> (row % 64) & 1) != 0; };
    switch (type.id) {
      case DUCKDB_TYPE_BOOLEAN: append_integers(static_cast<bool*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_TINYINT: append_integers(static_cast<std::int8_t*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_SMALLINT: append_integers(static_cast<std::int16_t*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_INTEGER: append_integers(static_cast<std::int32_t*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_UTINYINT: append_integers(static_cast<std::uint8_t*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_USMALLINT: append_integers(static_cast<std::uint16_t*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_UINTEGER: append_integers(static_cast<std::uint32_t*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_BIGINT:
        append_wide(rows, is_valid, data, [&](idx_t row) { return static_cast<int128>(static_cast<std::int64_t*>(data)[row]); });
        break;
      case DUCKDB_TYPE_UBIGINT:
        append_wide(rows, is_valid, data, [&](idx_t row) { return static_cast<int128>(static_cast<std::uint64_t*>(data)[row]); });
        break;
      case DUCKDB_TYPE_HUGEINT:
        append_wide(rows, is_valid, data, [&](idx_t row) { return to_int128(static_cast<duckdb_hugeint*>(data)[row]); });
        break;
      case DUCKDB_TYPE_UHUGEINT:  // beyond 2^127 the sign would flip, and any value that needs text will do
        append_wide(rows, is_valid, data, [&](idx_t row) {
          const duckdb_uhugeint value = static_cast<duckdb_uhugeint*>(data)[row];
          return value.upper >> 63 ? static_cast<int128>(exact_double_max) + 1
                                   : (static_cast<int128>(value.upper) << 64) | static_cast<int128>(value.lower);
        });
        break;
      case DUCKDB_TYPE_FLOAT: append_numbers(static_cast<float*>(data), rows, is_valid); break;
      case DUCKDB_TYPE_DOUBLE: append_numbers(static_cast<double*>(data), rows, is_valid); break;
      default: return append_texts(vector, data, rows, is_valid, row_bytes, bytes_left);
    }
    return rows;
  }

  void truncate(std::size_t rows) {
    result.valid.resize(rows);
    if (result.integers.size() > rows) result.integers.resize(rows);
    if (result.numbers.size() > rows) result.numbers.resize(rows);
    if (result.texts.size() > rows) result.texts.resize(rows);
  }

 private:
  template <class T>
  void append_integers(const T* data, std::size_t rows, auto is_valid) {
    for (std::size_t row = 0; row < rows; ++row) {
      const bool valid = is_valid(row);
      result.valid.push_back(valid);
      result.integers.push_back(valid ? static_cast<std::int64_t>(data[row]) : 0);
    }
  }

  template <class T>
  void append_numbers(const T* data, std::size_t rows, auto is_valid) {
    for (std::size_t row = 0; row < rows; ++row) {
      const bool valid = is_valid(row) && std::isfinite(data[row]);
      result.valid.push_back(valid);
      result.numbers.push_back(valid ? static_cast<double>(data[row]) : 0.0);
    }
  }

  // Whole numbers of 64 bits and more: as integers until one of them would be rounded by a reader, then all of them as text.
  void append_wide(std::size_t rows, auto is_valid, void* data, auto value_at) {
    for (std::size_t row = 0; row < rows; ++row) {
      const bool valid = is_valid(row);
      const int128 value = valid ? value_at(row) : 0;
      if (result.type == ColumnType::integer && (value > exact_double_max || value < -exact_double_max)) widen();
      result.valid.push_back(valid);
      if (result.type == ColumnType::integer) {
        result.integers.push_back(static_cast<std::int64_t>(value));
        continue;
      }
      std::string& text = result.texts.emplace_back();
      if (valid) append_scalar(text, type, data, row);
    }
  }

  void widen() {
    result.type = ColumnType::big_integer;
    result.texts.reserve(result.integers.size());
    for (std::size_t row = 0; row < result.integers.size(); ++row)
      result.texts.push_back(result.valid[row] ? str(result.integers[row]) : "");
    result.integers.clear();
    result.integers.shrink_to_fit();
  }

  std::size_t append_texts(duckdb_vector vector, void* data, std::size_t rows, auto is_valid, std::vector<std::size_t>& row_bytes,
                           std::size_t bytes_left) {
    std::size_t bytes = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      bool valid = is_valid(row);
      std::string_view text;
      if (valid && type.id == DUCKDB_TYPE_VARCHAR) {
        text = text_at(static_cast<duckdb_string_t*>(data), row);
      } else if (valid) {
        scratch.clear();
        if (is_nested(type.id)) append_json(scratch, type, vector, row, 0);
        else valid = append_scalar(scratch, type, data, row);
        if (valid) text = scratch;
      }
      row_bytes[row] += text.size();
      bytes += row_bytes[row];
      if (bytes > bytes_left) return row;
      result.texts.emplace_back(text);
      result.valid.push_back(valid);
    }
    return rows;
  }
};

ResultReader::ResultReader(const ExecuteLimits& limits) : limits_(limits) {}
ResultReader::~ResultReader() = default;

Result<> ResultReader::add_column(std::string name, _duckdb_logical_type* type) {
  const LogicalType owned(type);
  auto column = std::make_unique<Column>();
  column->type = type_info_of(type);
  if (!is_readable(column->type)) {
    return fail(ErrorCode::unsupported, str("Column '", name, "' has a type that cannot be shown: cast it to VARCHAR"));
  }
  column->result.name = std::move(name);
  column->result.type = column->declared = column_type_of(type);
  columns_.push_back(std::move(column));
  return {};
}

bool ResultReader::append(_duckdb_data_chunk* chunk) {
  const std::size_t chunk_rows = capi::data_chunk_get_size(chunk);
  const std::size_t wanted = std::min(chunk_rows, limits_.rows_max - given_rows_ - row_count_);
  const std::size_t fixed_bytes = bytes_per_fixed_value * std::max<std::size_t>(columns_.size(), 1);
  const std::size_t bytes_left = limits_.result_bytes_max - std::min(bytes_ + batch_bytes_, limits_.result_bytes_max);
  row_bytes_.assign(wanted, fixed_bytes);
  std::size_t rows = std::min(wanted, bytes_left / fixed_bytes);
  for (std::size_t i = 0; i < columns_.size(); ++i)
    rows = columns_[i]->append(capi::data_chunk_get_vector(chunk, i), rows, row_bytes_, bytes_left);
  row_count_ += rows;
  for (std::size_t row = 0; row < rows; ++row) batch_bytes_ += row_bytes_[row];
  if (rows < wanted) {
    for (const auto& column : columns_) column->truncate(row_count_);
  }
  truncated_ = rows < chunk_rows;
  return !truncated_;
}

bool ResultReader::has_batch() const { return row_count_ >= batch_rows || batch_bytes_ >= batch_bytes; }

Result<> ResultReader::give(BatchSink& sink) {
  if (row_count_ == 0 && given_rows_ > 0) return {};
  QueryResult batch{.row_count = row_count_};
  for (const auto& column : columns_) batch.columns.push_back(std::exchange(column->result, column->empty()));
  given_rows_ += std::exchange(row_count_, 0);
  bytes_ += std::exchange(batch_bytes_, 0);
  return sink.take(batch);
}

}  // namespace bridge::duckdb
