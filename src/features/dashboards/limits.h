#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge::dashboard_limits {

inline constexpr std::size_t kDocumentBytesMax = 256 << 10;
inline constexpr std::size_t kLineBytesMax = 64 << 10;  // the YAML scanner looks ahead to the end of a line
inline constexpr std::size_t kDepthMax = 32;
inline constexpr std::size_t kNodesMax = 20'000;
inline constexpr std::size_t kQueriesMax = 64;
inline constexpr std::size_t kChartsMax = 128;
inline constexpr std::size_t kViolationsMax = 100;  // of one level of validation

inline constexpr std::size_t kSqlBytesMax = 64 << 10;
inline constexpr std::size_t kSqlNestingMax = 64;
inline constexpr std::size_t kBoundValuesMax = 4'096;    // of one query
inline constexpr std::size_t kParameterValuesMax = 200;  // of one parameter in a request
inline constexpr std::size_t kParameterValueCharactersMax = 1'000;

inline constexpr std::chrono::seconds kTimeToLiveMin{10};
inline constexpr std::chrono::hours kTimeToLiveMax{48};
inline constexpr std::chrono::hours kMaxStaleMax{7 * 24};

inline constexpr std::size_t kHistoryMax = 100;  // earlier versions kept of a dashboard
inline constexpr int kIndexAttemptsMax = 20;
inline constexpr std::size_t kDashboardsMax = 10'000;  // of a team
inline constexpr std::chrono::seconds kAccessFlushInterval{60};
inline constexpr std::size_t kPendingCountersMax = 100'000;
inline constexpr std::size_t kDiffEditsMax = 2'000;

}  // namespace bridge::dashboard_limits
