#pragma once

#include <chrono>
#include <cstddef>

namespace bridge {

inline constexpr double kUseWarningShare = 0.8;
// How often counts are written, so how much of them a server that is killed forgets.
inline constexpr std::chrono::seconds kUseWriteInterval{5};
// Persons and connections that are told apart within a team and day; what comes beyond is counted under nobody's name.
inline constexpr std::size_t kUsesPerTeamMax = 50'000;
// Teams whose counts are in memory without having been used for long.
inline constexpr std::chrono::minutes kUseIdleMax{10};
inline constexpr int kUseDaysKept = 35;

}  // namespace bridge
