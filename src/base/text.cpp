#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace bridge {
namespace {

constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Code points, ASCII in lower case; what is not UTF-8 stays as the bytes it is.
std::u32string comparable_characters(std::string_view text) {
  std::u32string out;
  if (!is_valid_utf8(text)) {
    for (const char c : text) out += static_cast<unsigned char>(lower_char(c));
    return out;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) out += static_cast<char32_t>(lower_char(c));
    else if (byte >= 0xC0) out += static_cast<char32_t>(byte & (byte >= 0xF0 ? 0x07 : byte >= 0xE0 ? 0x0F : 0x1F));
    else out.back() = (out.back() << 6) | (byte & 0x3F);
  }
  return out;
}

std::size_t edit_distance(std::u32string_view a, std::u32string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

// Splits "1.5 GiB" into 1.5 and "gib".
std::optional<std::pair<double, std::string>> read_quantity(std::string_view text) {
  text = trim(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  return std::pair{number, lower(trim(text.substr(static_cast<std::size_t>(end - text.data()))))};
}

struct Unit {
  std::string_view name;
  double factor;
};

std::optional<double> read_with_units(std::string_view text, std::span<const Unit> units) {
  const auto quantity = read_quantity(text);
  if (!quantity) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != quantity->second) continue;
    const double value = quantity->first * unit.factor;
    if (value > 9e18) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

}  // namespace

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower_char);
  return out;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> units{"bytes", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  char buffer[32];
  const int decimals = unit == 0 || value >= 99.95 || std::abs(value - std::round(value)) < 0.05 ? 0 : 1;
  const int length = std::snprintf(buffer, sizeof buffer, "%.*f ", decimals, value);
  return std::string(buffer, static_cast<std::size_t>(length)) + std::string(units[unit]);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr Unit units[] = {{"", 1},
                                   {"b", 1},
                                   {"bytes", 1},
                                   {"kb", 1e3},
                                   {"mb", 1e6},
                                   {"gb", 1e9},
                                   {"tb", 1e12},
                                   {"kib", 1024.0},
                                   {"mib", 1048576.0},
                                   {"gib", 1073741824.0},
                                   {"tib", 1099511627776.0}};
  const auto value = read_with_units(text, units);
  if (!value) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*value));
}

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  static constexpr Unit units[] = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
  const auto value = read_with_units(text, units);
  if (!value) return std::nullopt;
  return std::llround(*value);
}

std::string format_count(std::uint64_t count) {
  std::string digits = str(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string make_slug(std::string_view text) {
  std::string slug;
  for (const char raw : text) {
    const char c = lower_char(raw);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      slug += c;
    } else if (!slug.empty() && slug.back() != '-' && c != '\'') {
      slug += '-';
    }
    if (slug.size() == 63) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug;
}

bool is_slug(std::string_view text) {
  return !text.empty() && text.size() <= 63 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_valid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t extra = 0;
    std::uint32_t point = lead;
    if (lead >= 0x80) {
      if (lead >= 0xC2 && lead <= 0xDF) {
        extra = 1;
        point = lead & 0x1F;
      } else if (lead >= 0xE0 && lead <= 0xEF) {
        extra = 2;
        point = lead & 0x0F;
      } else if (lead >= 0xF0 && lead <= 0xF4) {
        extra = 3;
        point = lead & 0x07;
      } else {
        return false;
      }
    }
    if (i + extra >= text.size()) return false;
    for (std::size_t k = 1; k <= extra; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      point = (point << 6) | (next & 0x3F);
    }
    if ((extra == 2 && point < 0x800) || (extra == 3 && (point < 0x10000 || point > 0x10FFFF))) return false;
    if (point >= 0xD800 && point <= 0xDFFF) return false;
    i += extra + 1;
  }
  return true;
}

std::string to_valid_utf8(std::string text) {
  if (is_valid_utf8(text)) return text;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    const std::string_view character = std::string_view(text).substr(i, size);
    if (is_valid_utf8(character)) {
      out += character;
      i += character.size();
    } else {
      out += "\xEF\xBF\xBD";
      // One mark for what is left of one character.
      for (++i; i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;) ++i;
    }
  }
  return out;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string too_long_message(std::string_view subject, std::size_t characters_max, std::size_t characters) {
  return str(subject, " may have at most ", format_count(characters_max), " characters; this one has ", format_count(characters));
}

std::optional<std::string> nearest_name(std::string_view text, std::span<const std::string> candidates) {
  constexpr std::size_t kNameLengthMax = 256;
  if (text.size() > kNameLengthMax) return std::nullopt;
  const std::u32string name = comparable_characters(text);
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::optional<std::string> nearest;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kNameLengthMax) continue;
    const std::u32string other = comparable_characters(candidate);
    const std::size_t distance = edit_distance(name, other);
    if (distance < best && distance < std::max(name.size(), other.size())) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string encode_base64url(std::string_view bytes) {
  std::string out;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += kBase64Url[(buffer >> bits) & 63];
    }
  }
  if (bits > 0) out += kBase64Url[(buffer << (6 - bits)) & 63];
  return out;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  std::string out;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t value = kBase64Url.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((buffer >> bits) & 255);
    }
  }
  return out;
}

std::string encode_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace bridge
