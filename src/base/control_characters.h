#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bridge {

// The first character of a text that nobody sees and that changes what they see, as "U+001B": the control characters but tab and the ends
// of lines, and those that turn the direction of what follows (U+202A to U+202E, U+2066 to U+2069). `text` is UTF-8.
std::optional<std::string> find_control_character(std::string_view text);

// Whether a text can be a name: none of those, no tab and no end of a line.
bool is_plain_line(std::string_view text);

}  // namespace bridge
