#pragma once

#include <string>
#include <string_view>

namespace bridge {

// The difference as `diff -u` writes it, three lines of context; empty when both are the same. Texts that differ in more than a limit of
// lines (limits.h) are shown as replaced altogether.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name, std::string_view after_name);

}  // namespace bridge
