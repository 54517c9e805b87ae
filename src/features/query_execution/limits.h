#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge::query_limits {

// At or over this many bytes a query is refused, unless the connection, the document or the caller lowers it further.
inline constexpr std::uint64_t kBytesMax = 100'000'000;
inline constexpr std::size_t kRowsMax = 50'000;
inline constexpr std::size_t kResultBytesMax = 32 << 20;
inline constexpr std::chrono::seconds kTimeoutMax{60};

// Queries of one dashboard that run at the same time, over all requests.
inline constexpr int kQueryThreads = 8;
inline constexpr std::size_t kQueryQueueMax = 1'024;

// Background refreshes of stale answers.
inline constexpr std::size_t kRefreshQueueMax = 256;
inline constexpr std::size_t kSingleFlightKeysMax = 16'384;

}  // namespace bridge::query_limits
