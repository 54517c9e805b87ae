#include "ai_sdk/providers/shared/json_fields.h"

#include <cstring>

#include "base/text.h"

namespace bridge {

std::string_view text_field(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

const json::object& object_field(const json::object& object, std::string_view name) {
  static const json::object none;
  const json::value* value = object.if_contains(name);
  return value && value->is_object() ? value->get_object() : none;
}

const json::array& array_field(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* value = object.if_contains(name);
  return value && value->is_array() ? value->get_array() : none;
}

std::optional<std::int64_t> count_field(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto count = value->to_number<std::int64_t>(error);
  return error || count < 0 ? std::nullopt : std::optional(count);
}

namespace {

// How much of the text's beginning needs no escape, eight bytes at a time where it can.
std::size_t plain_length(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  const auto has_less = [](std::uint64_t bytes, std::uint64_t bound) { return (bytes - ones * bound) & ~bytes & high_bits; };
  std::size_t length = 0;
  for (std::uint64_t bytes = 0; length + sizeof bytes <= text.size(); length += sizeof bytes) {
    std::memcpy(&bytes, text.data() + length, sizeof bytes);
    if (has_less(bytes, 0x20) || has_less(bytes ^ (ones * '"'), 1) || has_less(bytes ^ (ones * '\\'), 1)) break;
  }
  const auto is_plain = [](unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; };
  while (length < text.size() && is_plain(static_cast<unsigned char>(text[length]))) ++length;
  return length;
}

}  // namespace

// Prompts of many kilobytes are written for every step of every turn: what needs no escape is copied in one piece.
void append_json_literal(std::string& out, std::string_view text) {
  static constexpr std::string_view kHexDigits = "0123456789abcdef";
  out.reserve(out.size() + text.size() + text.size() / 16 + 2);
  out += '"';
  while (!text.empty()) {
    const std::size_t plain = plain_length(text);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    switch (const char c = text[plain]) {
      case '"': out += R"(\")"; break;
      case '\\': out += R"(\\)"; break;
      case '\b': out += R"(\b)"; break;
      case '\f': out += R"(\f)"; break;
      case '\n': out += R"(\n)"; break;
      case '\r': out += R"(\r)"; break;
      case '\t': out += R"(\t)"; break;
      default:
        out += R"(\u00)";
        out += kHexDigits[static_cast<unsigned char>(c) >> 4];
        out += kHexDigits[static_cast<unsigned char>(c) & 15];
    }
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

namespace {

void append_json(std::string& out, const json::value& value) {
  if (const json::object* object = value.if_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : *object) {
      if (!std::exchange(first, false)) out += ',';
      append_json_literal(out, key);
      out += ':';
      append_json(out, item);
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      append_json(out, (*array)[i]);
    }
    out += ']';
  } else if (const json::string* text = value.if_string()) {
    append_json_literal(out, *text);
  } else if (const double* number = value.if_double()) {
    std::string digits = str(*number);
    if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
    out += digits;
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string json_text(const json::value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string json_literal(std::string_view text) {
  std::string out;
  append_json_literal(out, text);
  return out;
}

}  // namespace bridge
