#pragma once

// Limits that several of the plan_*.cpp files keep to.

namespace bridge::rules {

inline constexpr int bars_max = 15;
inline constexpr int points_max = 4'000;
inline constexpr int groups_in_scatter_max = 500;
inline constexpr int series_max = 6;  // greys that the eye tells apart
inline constexpr double group_part_least =
    20;  // a group with less than one in so many of a usual group's rows has no place in a ranking by average

}  // namespace bridge::rules
