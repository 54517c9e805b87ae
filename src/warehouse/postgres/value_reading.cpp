#include "warehouse/postgres/value_reading.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "warehouse/json_text.h"

namespace bridge::postgres {

namespace {

constexpr int digits_a_group = 4;  // of numeric
constexpr std::int64_t micros_a_day = 86'400'000'000;
constexpr std::int64_t days_to_2000 = 10'957;  // from 1970-01-01

std::uint16_t u16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(bytes[at]) << 8) | static_cast<unsigned char>(bytes[at + 1]));
}

void append_padded(std::string& out, std::int64_t value, std::size_t digits) {
  const std::string text = str(value);
  if (text.size() < digits) out.append(digits - text.size(), '0');
  out += text;
}

// "5" and "500000" are the same fraction; zeros at its end are left out.
void append_fraction(std::string& out, std::int64_t micros) {
  if (micros == 0) return;
  std::string digits;
  append_padded(digits, micros, 6);
  digits.resize(digits.find_last_not_of('0') + 1);
  out += '.';
  out += digits;
}

// "0044-03-15" of 44 BC → "-0043-03-15".
std::string year_before_christ(std::string_view date) {
  const std::size_t dash = date.find('-');
  std::int64_t year = 0;
  std::from_chars(date.data(), date.data() + std::min(dash, date.size()), year);
  if (dash == std::string_view::npos || year == 0) return std::string(date);
  std::string out = year == 1 ? "" : "-";
  append_padded(out, year - 1, 4);
  return out.append(date.substr(dash));
}

bool is_json_number(std::string_view text) { return !text.empty() && text.find_first_not_of("+-.0123456789eE") == std::string_view::npos; }

// Reads the array's text from its first brace on.
class ArrayText final {
 public:
  ArrayText(std::string_view text, ValueKind element, char delimiter) : text_(text), element_(element), delimiter_(delimiter) {}

  std::string json() {
    if (text_.starts_with('[')) at_ = text_.find('=') == std::string_view::npos ? text_.size() : text_.find('=') + 1;  // [2:3]={…}
    append_list();
    return std::move(out_);
  }

 private:
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // Arrays have at most six dimensions; the server makes no deeper ones.
  void append_list() {
    out_ += '[';
    ++at_;
    while (at_ < text_.size() && here() != '}') {
      if (here() == delimiter_) {
        out_ += ',';
        ++at_;
      } else if (here() == '{') {
        append_list();
      } else {
        append_element();
      }
    }
    ++at_;
    out_ += ']';
  }

  void append_element() {
    const bool is_quoted = here() == '"';
    std::string value;
    if (is_quoted) ++at_;
    for (; at_ < text_.size(); ++at_) {
      if (here() == '\\' && at_ + 1 < text_.size()) value += text_[++at_];
      else if (is_quoted ? here() == '"' : here() == delimiter_ || here() == '}') break;
      else value += here();
    }
    if (is_quoted) ++at_;
    if (!is_quoted && lower(value) == "null") out_ += "null";
    else append_value(value);
  }

  void append_value(const std::string& value) {
    constexpr std::size_t exact_digits_max = 15;  // of a whole number that every reader of JSON keeps
    switch (element_) {
      case ValueKind::boolean: out_ += value == "t" ? "true" : "false"; return;
      case ValueKind::whole_number:
        if (value.size() <= exact_digits_max) out_ += value;
        else append_json_string(out_, value);
        return;
      case ValueKind::float4:
      case ValueKind::float8:
        if (is_json_number(value)) out_ += value;
        else append_json_string(out_, value);
        return;
      case ValueKind::json:
      case ValueKind::jsonb: out_ += value; return;
      case ValueKind::date: append_json_string(out_, date_from_server_text(value)); return;
      case ValueKind::timestamp: append_json_string(out_, timestamp_from_server_text(value)); return;
      default: append_json_string(out_, value);
    }
  }

  std::string_view text_;
  ValueKind element_;
  char delimiter_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string numeric_text(std::string_view binary) {
  constexpr std::uint16_t negative = 0x4000;
  constexpr std::uint16_t not_a_number = 0xC000;
  constexpr std::uint16_t plus_infinity = 0xD000;
  constexpr std::uint16_t minus_infinity = 0xF000;
  constexpr std::size_t header_bytes = 8;
  if (binary.size() < header_bytes) return {};
  const std::size_t count = u16(binary, 0);
  const auto weight = static_cast<std::int16_t>(u16(binary, 2));
  const std::uint16_t sign = u16(binary, 4);
  const int scale = u16(binary, 6);
  if (sign == not_a_number) return "NaN";
  if (sign == plus_infinity) return "Infinity";
  if (sign == minus_infinity) return "-Infinity";
  if (binary.size() < header_bytes + 2 * count) return {};
  const auto group = [&](int at) -> std::int64_t {
    return at < 0 || static_cast<std::size_t>(at) >= count ? 0 : u16(binary, header_bytes + 2 * static_cast<std::size_t>(at));
  };
  std::string out = sign == negative ? "-" : "";
  if (weight < 0) out += '0';
  for (int at = 0; at <= weight; ++at) {
    if (at == 0) out += str(group(0));
    else append_padded(out, group(at), digits_a_group);
  }
  if (scale == 0) return out;
  out += '.';
  const std::size_t point = out.size();
  for (int at = weight + 1; static_cast<int>(out.size() - point) < scale; ++at) append_padded(out, group(at), digits_a_group);
  out.resize(point + static_cast<std::size_t>(scale));
  return out;
}

std::string date_text(std::int64_t days) {
  // Howard Hinnant's civil_from_days: https://howardhinnant.github.io/date_algorithms.html
  days += days_to_2000 + 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string out = year < 0 ? "-" : "";
  append_padded(out, year < 0 ? -year : year, 4);
  out += '-';
  append_padded(out, month, 2);
  out += '-';
  append_padded(out, day, 2);
  return out;
}

std::string time_text(std::int64_t micros) {
  std::string out;
  append_padded(out, micros / 3'600'000'000, 2);
  out += ':';
  append_padded(out, micros / 60'000'000 % 60, 2);
  out += ':';
  append_padded(out, micros / 1'000'000 % 60, 2);
  append_fraction(out, micros % 1'000'000);
  return out;
}

std::string timestamp_text(std::int64_t micros) {
  std::int64_t days = micros / micros_a_day;
  if (micros % micros_a_day < 0) --days;
  return str(date_text(days), 'T', time_text(micros - days * micros_a_day), 'Z');
}

std::string date_from_server_text(std::string_view text) {
  constexpr std::string_view before_christ = " BC";
  return text.ends_with(before_christ) ? year_before_christ(text.substr(0, text.size() - before_christ.size())) : std::string(text);
}

std::string timestamp_from_server_text(std::string_view text) {
  if (text == "infinity" || text == "-infinity") return std::string(text);
  const bool is_before_christ = text.ends_with(" BC");
  if (is_before_christ) text.remove_suffix(3);
  if (text.ends_with("+00")) text.remove_suffix(3);  // the session's zone is UTC
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::string(text);
  const std::string_view date = text.substr(0, blank);
  return str(is_before_christ ? year_before_christ(date) : std::string(date), 'T', text.substr(blank + 1), 'Z');
}

std::string uuid_text(std::string_view binary) {
  std::string hex = encode_hex(binary);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) {
    if (hex.size() > at) hex.insert(at, 1, '-');
  }
  return hex;
}

std::string array_json(std::string_view text, ValueKind element, char delimiter) { return ArrayText(text, element, delimiter).json(); }

double widened(float value) {
  if (!std::isfinite(value)) return value;
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  double out = 0;
  std::from_chars(buffer, end, out);
  return out;
}

}  // namespace bridge::postgres
