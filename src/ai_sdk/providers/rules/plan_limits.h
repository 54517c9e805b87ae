#pragma once

// Limits that several of the plan_*.cpp files keep to.

namespace bridge::rules {

inline constexpr int bars_max = 15;
inline constexpr int points_max = 4'000;
inline constexpr int series_max = 6;     // greys that the eye tells apart
inline constexpr int groups_least = 10;  // rows behind an average in a ranking, however few are shown

}  // namespace bridge::rules
