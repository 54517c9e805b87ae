#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge::query_limits {

// At or over this many bytes a query is refused, unless the connection, the document or the caller lowers it further.
inline constexpr std::uint64_t kBytesMax = 100'000'000;
inline constexpr std::size_t kRowsMax = 50'000;
// An answer that another query reads as a table: never shown, so that it may be longer. Its bytes are bound like all others.
inline constexpr std::size_t kInputRowsMax = 500'000;
inline constexpr std::size_t kResultBytesMax = 32 << 20;
inline constexpr std::chrono::seconds kTimeoutMax{60};

// Threads that help requests with their queries, and how many of them one connection may have: one that hangs leaves the others theirs.
inline constexpr std::size_t kQueryThreads = 24;
inline constexpr std::size_t kQueryThreadsPerConnection = 6;
inline constexpr std::size_t kQueryQueueMax = 1'024;

// Queries that run at the same time over all requests and refreshes: one for so much memory of the process, because what a query reads is
// counted only when it is done.
inline constexpr int kRunningQueriesMax = 32;
inline constexpr std::uint64_t kMemoryPerRunningQuery = std::uint64_t{512} << 20;

// Background refreshes of stale answers.
inline constexpr std::size_t kRefreshThreads = 4;
inline constexpr std::size_t kRefreshThreadsPerConnection = 1;
inline constexpr std::size_t kRefreshQueueMax = 256;
inline constexpr std::size_t kSingleFlightKeysMax = 16'384;

}  // namespace bridge::query_limits
