#include "base/control_characters.h"

#include <cstdint>

namespace bridge {

std::optional<std::string> find_control_character(std::string_view text) {
  const auto at = [&](std::size_t i) -> std::uint32_t { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint32_t found = 0;
    const std::uint32_t c = at(i);
    const bool is_end_or_tab = c == '\t' || c == '\n' || c == '\r';
    const bool is_control = (c < 0x20 && !is_end_or_tab) || c == 0x7f;
    if (is_control) found = c;
    if (c == 0xc2 && at(i + 1) >= 0x80 && at(i + 1) <= 0x9f) found = at(i + 1);
    if (c == 0xe2 && at(i + 1) == 0x80 && at(i + 2) >= 0xaa && at(i + 2) <= 0xae) found = 0x2000 + at(i + 2) - 0x80;
    if (c == 0xe2 && at(i + 1) == 0x81 && at(i + 2) >= 0xa6 && at(i + 2) <= 0xa9) found = 0x2040 + at(i + 2) - 0x80;
    if (!is_control && found == 0) continue;
    std::string name = "U+";
    for (int shift = 12; shift >= 0; shift -= 4) name += "0123456789ABCDEF"[(found >> shift) & 0xf];
    return name;
  }
  return std::nullopt;
}

bool is_plain_line(std::string_view text) {
  return text.find_first_of("\t\r\n") == std::string_view::npos && !find_control_character(text);
}

}  // namespace bridge
