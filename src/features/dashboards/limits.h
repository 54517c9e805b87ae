#pragma once

#include <chrono>
#include <cstddef>

namespace bridge::dashboard_limits {

inline constexpr std::size_t kHistoryMax = 100;  // earlier versions kept of a dashboard
inline constexpr int kIndexAttemptsMax = 20;
inline constexpr std::size_t kDashboardsMax = 10'000;  // of a team
inline constexpr std::chrono::seconds kAccessFlushInterval{60};
inline constexpr std::size_t kPendingCountersMax = 100'000;
inline constexpr std::size_t kDiffEditsMax = 2'000;

}  // namespace bridge::dashboard_limits
