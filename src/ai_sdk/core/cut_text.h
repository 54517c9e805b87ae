#pragma once

#include <string_view>

namespace bridge {

// The longest beginning of at most `bytes_max` bytes that does not cut a UTF-8 character.
inline std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

// The longest beginning of at most `characters_max` characters.
inline std::string_view cut_characters(std::string_view text, std::size_t characters_max) {
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins && count++ == characters_max) break;
  }
  return text.substr(0, end);
}

}  // namespace bridge
