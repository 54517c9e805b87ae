#pragma once

#include <chrono>
#include <cstddef>

namespace bridge {

inline constexpr std::chrono::seconds kJobLease{30};  // a worker that does not renew it is taken for dead
inline constexpr std::chrono::seconds kJobLeaseRenewEvery{10};
inline constexpr std::chrono::milliseconds kJobProgressEvery{250};  // the most often that progress is written
inline constexpr std::chrono::minutes kJobTimeMax{30};
inline constexpr int kJobFinishAttemptsMax = 5;
inline constexpr std::chrono::milliseconds kJobFinishPause{100};  // times the attempt
inline constexpr std::size_t kJobInputBytesMax = 64 << 10;
inline constexpr std::size_t kJobDetailBytesMax = 256 << 10;
inline constexpr std::size_t kJobErrorBytesMax = 2'000;
inline constexpr std::int64_t kQueuedJobsPerTeamMax = 200;

}  // namespace bridge
