#include "ai_sdk/providers/shared/mended_text.h"

#include "base/text.h"

namespace bridge {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kHalfBytes = 3;                      // of a surrogate, written as if it were a character

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }
bool continues(std::string_view text, std::size_t at) { return (byte_at(text, at) & 0xC0) == 0x80; }

// A half of a pair as three bytes: ED A0..AF xx is the first, ED B0..BF xx the second.
bool is_half(std::string_view text, std::size_t at, unsigned from) {
  return at + kHalfBytes <= text.size() && byte_at(text, at) == 0xED && (byte_at(text, at + 1) & 0xF0) == from && continues(text, at + 2);
}
bool is_first_half(std::string_view text, std::size_t at) { return is_half(text, at, 0xA0); }
bool is_second_half(std::string_view text, std::size_t at) { return is_half(text, at, 0xB0); }

unsigned unit_of(std::string_view half) { return 0xD000u | (byte_at(half, 1) & 0x3Fu) << 6 | (byte_at(half, 2) & 0x3Fu); }

void append_character(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code >= 0x10000) {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
  } else {
    put(0xE0 | code >> 12);
  }
  put(0x80 | (code >> 6 & 0x3F));
  put(0x80 | (code & 0x3F));
}

// The bytes of the character that begins here; 0 when none can.
std::size_t character_length(unsigned first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

// Whether the text ends in what more bytes could make a character of: the beginning of one, or a first half and the beginning of a second.
bool could_go_on(std::string_view text, std::size_t at) {
  const std::size_t left = text.size() - at;
  if (is_first_half(text, at)) {
    const std::string_view rest = text.substr(at + kHalfBytes);
    return rest.empty() || (byte_at(rest, 0) == 0xED && (rest.size() == 1 || (rest.size() == 2 && (byte_at(rest, 1) & 0xF0) == 0xB0)));
  }
  const std::size_t length = character_length(byte_at(text, at));
  if (length <= left) return false;
  for (std::size_t i = 1; i < left; ++i) {
    if (!continues(text, at + i)) return false;
  }
  return true;
}

// Appends what is settled; returns where that ends.
std::size_t mend(std::string_view text, bool ended, std::string& out) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!ended && could_go_on(text, at)) return at;
    if (is_first_half(text, at) && is_second_half(text, at + kHalfBytes)) {
      const unsigned first = unit_of(text.substr(at)), second = unit_of(text.substr(at + kHalfBytes));
      append_character(out, 0x10000u + ((first - 0xD800u) << 10) + (second - 0xDC00u));
      at += 2 * kHalfBytes;
      continue;
    }
    const bool half = is_first_half(text, at) || is_second_half(text, at);
    const std::size_t length = half ? kHalfBytes : character_length(byte_at(text, at));
    if (!half && length > 0 && at + length <= text.size() && is_valid_utf8(text.substr(at, length))) {
      out += text.substr(at, length);
      at += length;
      continue;
    }
    out += kReplacement;
    at += half ? kHalfBytes : 1;
  }
  return at;
}

std::optional<unsigned> read_escape(std::string_view text, std::size_t at) {
  constexpr std::size_t length = 6;  // \u0000
  if (at + length > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + length, unit, 16);
  return error == std::errc{} && end == text.data() + at + length ? std::optional(unit) : std::nullopt;
}

// The same JSON with each escaped half that stands alone as the three bytes of its own.
std::string with_bare_halves(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      out += text[at++];
      continue;
    }
    const auto unit = read_escape(text, at);
    if (!unit) {
      out += text.substr(at, 2);
      at += 2;
      continue;
    }
    const auto next = read_escape(text, at + 6);
    const bool pair = *unit >= 0xD800 && *unit < 0xDC00 && next && *next >= 0xDC00 && *next < 0xE000;
    if (pair || *unit < 0xD800 || *unit >= 0xE000) out += text.substr(at, pair ? 12 : 6);
    else append_character(out, *unit);
    at += pair ? 12 : 6;
  }
  return out;
}

// Strings as they are, also where they are no UTF-8.
std::optional<json::value> parse_any_bytes(std::string_view text, std::size_t depth_max) {
  json::parse_options options;
  options.max_depth = depth_max;
  options.allow_invalid_utf8 = true;
  json::error_code error;
  json::value value = json::parse(text, error, {}, options);
  return error ? std::nullopt : std::optional(std::move(value));
}

enum class Deltas : std::uint8_t { are_pieces, are_whole };

json::value mended_tree(const json::value& value, Deltas deltas, bool in_delta = false) {
  if (const json::string* text = value.if_string()) return in_delta ? value : json::value(json::string(mended(*text)));
  if (const json::array* array = value.if_array()) {
    json::array out;
    for (const json::value& item : *array) out.push_back(mended_tree(item, deltas, in_delta));
    return out;
  }
  const json::object* object = value.if_object();
  if (!object) return value;
  json::object out;
  for (const auto& [key, item] : *object)
    out.insert_or_assign(mended(key), mended_tree(item, deltas, in_delta || (deltas == Deltas::are_pieces && key == "delta")));
  return out;
}

}  // namespace

std::string TextMender::take(std::string_view piece) {
  if (held_.empty() && is_valid_utf8(piece)) return std::string(piece);
  held_ += piece;
  std::string out;
  held_.erase(0, mend(held_, false, out));
  return out;
}

std::string TextMender::rest() {
  std::string out;
  mend(held_, true, out);
  held_.clear();
  return out;
}

std::string mended(std::string_view text) {
  if (is_valid_utf8(text)) return std::string(text);
  std::string out;
  mend(text, true, out);
  return out;
}

Result<json::value> parse_event_json(std::string_view text) {
  auto strict = parse_json(text);
  if (strict) return strict;
  const auto read = parse_any_bytes(with_bare_halves(text), JsonLimits{}.depth_max);
  if (!read) return strict;
  return mended_tree(*read, Deltas::are_pieces);
}

Result<json::value> parse_model_json(std::string_view text, JsonLimits limits) {
  auto strict = parse_json(text, limits);
  // What is wrong with it must be its text: of two values for one key nobody knows which is meant.
  if (strict || text.size() > limits.bytes_max || (is_valid_utf8(text) && with_bare_halves(text) == text)) return strict;
  const auto read = parse_any_bytes(with_bare_halves(text), limits.depth_max);
  if (!read) return strict;
  return mended_tree(*read, Deltas::are_whole);
}

}  // namespace bridge
