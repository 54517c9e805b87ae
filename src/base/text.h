#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bridge {

namespace detail {
inline void append_part(std::string& out, std::string_view part) { out += part; }
inline void append_part(std::string& out, char part) { out += part; }
template <std::integral T>
requires(!std::same_as<T, bool> && !std::same_as<T, char>) void append_part(std::string& out, T part) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, part).ptr);
}
template <std::floating_point T>
void append_part(std::string& out, T part) {
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, part).ptr);
}
}  // namespace detail

// Joins text, characters and numbers: str("row ", 3, " of ", total).
template <class... Parts>
std::string str(const Parts&... parts) {
  std::string out;
  (detail::append_part(out, parts), ...);
  return out;
}

// "a, b, c"
std::string join(std::span<const std::string> parts, std::string_view separator);
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
// ASCII only.
std::string lower(std::string_view text);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// "100 MB", "1.5 GB", "512 bytes": decimal units, at most three digits.
std::string format_bytes(std::uint64_t bytes);
// "50MB", "1.5 GiB", "4096" → bytes.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
// "30s", "24h", "15m", "2d", "500ms" → milliseconds.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);
// "1,234,567"
std::string format_count(std::uint64_t count);

// [a-z0-9-]{1,63} made from any text; empty when nothing is left.
std::string make_slug(std::string_view text);
bool is_slug(std::string_view text);

bool is_valid_utf8(std::string_view text);
// The text with U+FFFD for whatever is not UTF-8, such as a character that was cut.
std::string to_valid_utf8(std::string text);
// Code points, which is what people who type count; a byte that is not UTF-8 counts for one at most.
std::size_t count_characters(std::string_view text);
// "A team's name may have at most 100 characters; this one has 120".
std::string too_long_message(std::string_view subject, std::size_t characters_max, std::size_t characters);

// The candidate with the fewest edits from `name` (case does not count), if it is near enough to be a slip.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates);

std::string encode_base64url(std::string_view bytes);
std::optional<std::string> decode_base64url(std::string_view text);
std::string encode_hex(std::string_view bytes);

}  // namespace bridge
