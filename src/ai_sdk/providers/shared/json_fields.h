#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"

// Reading JSON that others wrote: a field that is missing, null or of another type is as good as none.

namespace bridge {

std::string_view text_field(const json::object& object, std::string_view name);
const json::object& object_field(const json::object& object, std::string_view name);
const json::array& array_field(const json::object& object, std::string_view name);
// A whole number of at least 0.
std::optional<std::int64_t> count_field(const json::object& object, std::string_view name);

// A JSON string literal (RFC 8259, 7), of text that is UTF-8 already.
std::string json_literal(std::string_view text);
// A value as JSON, with numbers as people write them: 1.5, not 1.5E0.
std::string json_text(const json::value& value);
void append_json_literal(std::string& out, std::string_view text);

}  // namespace bridge
