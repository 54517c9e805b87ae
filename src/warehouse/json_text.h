#pragma once

#include <string>
#include <string_view>

namespace bridge {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that the result is always valid.
void append_json_string(std::string& out, std::string_view text);

// Appends the shortest text that reads back as the same number; null for NaN and infinities, which JSON does not have.
void append_json_number(std::string& out, double value);

}  // namespace bridge
