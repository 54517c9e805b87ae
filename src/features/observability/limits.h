#pragma once

#include <chrono>
#include <cstddef>

namespace bridge {

inline constexpr std::size_t kCallsWaitingMax = 10'000;  // to be written; who brings one more waits
inline constexpr std::size_t kCallsPerTransactionMax = 500;
inline constexpr int kSummaryDaysMax = 3'660;

inline constexpr std::chrono::minutes kToolAnswerFreshMax{5};
inline constexpr std::size_t kToolArgumentsBytesMax = 4 << 10;  // longer ones are not worth a place
inline constexpr std::size_t kToolHitsWaitingMax = 200;         // entries whose hits are not written yet
inline constexpr std::chrono::days kToolCountersKept{30};

}  // namespace bridge
