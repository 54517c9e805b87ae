#pragma once

#include <string_view>

namespace bridge {

// Whether a column's name says that it holds days or moments, which whole numbers and codes in it then are: "created_at", "order_date",
// "ts".
bool is_named_as_time(std::string_view name);

}  // namespace bridge
