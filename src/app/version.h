#pragma once

#include <string_view>

namespace bridge {

inline constexpr std::string_view kBridgeVersion = "0.1.0";

}  // namespace bridge
