#include "warehouse/sqlite/value_types.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "base/time.h"

namespace bridge::sqlite {

namespace {

constexpr std::int64_t exact_double_max = std::int64_t{1} << 53;  // beyond it a JSON reader rounds

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether `text` is like `shape`, in which 0 stands for any digit.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (shape[i] == '0' ? !is_digit(text[i]) : shape[i] != text[i]) return false;
  }
  return true;
}

int number_at(std::string_view text, std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); }

// A time of day up to its seconds, and how long it is; 0 when there is none.
std::size_t length_of_clock(std::string_view text) {
  if (!has_shape(text.substr(0, 5), "00:00") || number_at(text, 0) > 23 || number_at(text, 3) > 59) return 0;
  if (text.size() < 8 || text[5] != ':') return 5;
  return has_shape(text.substr(5, 3), ":00") && number_at(text, 6) <= 59 ? 8 : 0;
}

// Of ".123456": at most six digits; 0 when there is none.
std::size_t length_of_fraction(std::string_view text) {
  if (text.empty() || text[0] != '.') return 0;
  std::size_t end = 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end > 1 && end <= 7 ? end : 0;
}

bool has_word(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

}  // namespace

DeclaredType declared_type_of(std::string_view declared) {
  const std::string text = lower(declared);
  if (text.empty()) return {};
  if (has_word(text, {"bool"})) return {.type = ColumnType::boolean};
  if (has_word(text, {"datetime", "timestamp"})) return {.type = ColumnType::timestamp};
  if (text == "date") return {.type = ColumnType::date};
  if (text.starts_with("time")) return {.type = ColumnType::time};
  if (has_word(text, {"json"})) return {.type = ColumnType::json};
  if (has_word(text, {"int", "serial"})) return {.type = ColumnType::integer};
  if (has_word(text, {"char", "clob", "text", "string", "uuid", "enum", "blob", "binary"})) return {.type = ColumnType::text};
  if (has_word(text, {"real", "floa", "doub"})) return {.type = ColumnType::number};
  if (has_word(text, {"dec", "numeric", "number", "money"})) {
    const std::size_t comma = text.find(',');
    if (comma == std::string::npos) return {};
    const std::string_view digits = trim(std::string_view(text).substr(comma + 1));
    int scale = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), scale);
    constexpr int scale_max = 15;  // what a floating point number, as which SQLite keeps decimals, has digits for
    if (scale > 0 && scale <= scale_max) return {.type = ColumnType::decimal, .scale = scale};
    return {.type = scale == 0 ? std::optional(ColumnType::integer) : std::nullopt};
  }
  return {};
}

bool is_iso_date(std::string_view text) {
  if (!has_shape(text, "0000-00-00")) return false;
  const int year = number_at(text, 0) * 100 + number_at(text, 2);
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(number_at(text, 5))),
                                     std::chrono::day(static_cast<unsigned>(number_at(text, 8))))
      .ok();
}

bool is_iso_time(std::string_view text) {
  const std::size_t clock = length_of_clock(text);
  if (clock == 0) return false;
  return clock == text.size() || (clock == 8 && clock + length_of_fraction(text.substr(clock)) == text.size());
}

std::optional<std::string> timestamp_of(std::string_view text) {
  constexpr std::size_t date_length = 10;
  if (text.size() < date_length || !is_iso_date(text.substr(0, date_length))) return std::nullopt;
  std::string out(text.substr(0, date_length));
  std::string_view rest = text.substr(date_length);
  if (rest.empty()) return out + "T00:00:00Z";
  if (rest[0] != ' ' && rest[0] != 'T') return std::nullopt;
  rest.remove_prefix(1);
  const std::size_t clock = length_of_clock(rest);
  if (clock == 0) return std::nullopt;
  out += 'T';
  out += rest.substr(0, clock);
  if (clock == 5) out += ":00";
  rest.remove_prefix(clock);
  if (clock == 8) {
    std::size_t fraction = length_of_fraction(rest);
    const std::string_view digits = rest.substr(0, fraction);
    if (digits.find_first_not_of(".0") != std::string_view::npos) out += digits;
    rest.remove_prefix(fraction);
  }
  if (rest.empty() || rest == "Z" || rest == "+00:00") return out + "Z";
  if (!has_shape(rest.substr(1), "00:00") || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
  const auto time = parse_time(out + std::string(rest));
  return time ? std::optional(format_time(*time)) : std::nullopt;
}

void SeenValues::add_integer(std::int64_t value) {
  ++integers;
  are_flags = are_flags && (value == 0 || value == 1);
  are_exact = are_exact && value >= -exact_double_max && value <= exact_double_max;
}

void SeenValues::add_real(double value) {
  ++reals;
  are_finite = are_finite && std::isfinite(value);
}

void SeenValues::add_text(std::string_view text) {
  ++texts;
  const bool is_date = (are_dates || are_timestamps) && is_iso_date(text);
  are_dates = are_dates && is_date;
  if (are_timestamps && !is_date) {
    are_timestamps = timestamp_of(text).has_value();
    have_time_of_day = have_time_of_day || are_timestamps;
  }
  are_times = are_times && is_iso_time(text);
  are_json = are_json && text.size() >= 2 && ((text.front() == '{' && text.back() == '}') || (text.front() == '[' && text.back() == ']'));
}

ColumnType type_for(std::optional<ColumnType> wanted, const SeenValues& seen) {
  const bool has_numbers = seen.integers + seen.reals > 0;
  const bool has_texts = seen.texts + seen.blobs > 0;
  if (!has_numbers && !has_texts) return wanted.value_or(ColumnType::text);
  if (has_numbers && has_texts) return ColumnType::text;
  if (seen.blobs > 0) return ColumnType::text;
  if (has_texts) {
    if (wanted == ColumnType::json && seen.are_json) return ColumnType::json;
    if (wanted == ColumnType::time && seen.are_times) return ColumnType::time;
    if (wanted == ColumnType::timestamp && seen.are_timestamps) return ColumnType::timestamp;
    if (wanted == ColumnType::text) return ColumnType::text;
    if (seen.are_dates) return ColumnType::date;
    return seen.are_timestamps && seen.have_time_of_day ? ColumnType::timestamp : ColumnType::text;
  }
  if (wanted == ColumnType::boolean && seen.reals == 0 && seen.are_flags) return ColumnType::boolean;
  if (wanted == ColumnType::decimal && seen.are_finite) return ColumnType::decimal;
  if (seen.reals == 0 && wanted != ColumnType::number) return seen.are_exact ? ColumnType::integer : ColumnType::big_integer;
  // No number holds both: as digits they stay exact.
  if (!seen.are_exact) return seen.are_finite ? ColumnType::decimal : ColumnType::text;
  return ColumnType::number;
}

}  // namespace bridge::sqlite
