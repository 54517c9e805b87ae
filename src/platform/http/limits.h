#pragma once

#include <cstddef>

// Everything in platform/http that could grow without end ends here.

namespace bridge {

inline constexpr std::size_t kHeaderBytesMax = 16 << 10;
inline constexpr std::size_t kHeaderFieldsMax = 100;
inline constexpr std::size_t kTargetBytesMax = 8 << 10;
inline constexpr std::size_t kPathSegmentsMax = 32;
inline constexpr std::size_t kReadBufferBytesMin = 4 << 10;
inline constexpr std::size_t kReadBufferBytesMax = 18 << 10;  // one whole header
inline constexpr std::size_t kBodyReadBufferBytesMax = 64 << 10;
inline constexpr std::size_t kBodiesBytesMax = 512 << 20;       // of all requests together
inline constexpr std::size_t kBodyBytesPerSecondMin = 1 << 10;  // after the grace time
inline constexpr std::size_t kConnectionsMax = 4'096;
inline constexpr std::size_t kRequestsPerConnectionMax = 10'000;  // then the connection is closed, so that load balancing has a chance
inline constexpr std::size_t kLingerBytesMax = 64 << 20;          // read and thrown away after a refusal, so that the refusal arrives
inline constexpr std::size_t kStreamBufferBytesMax = 256 << 10;
inline constexpr std::size_t kStreamPieceBytes = 64 << 10;    // of a body
inline constexpr std::size_t kStreamEventBytesMax = 4 << 20;  // one event, when nothing else waits
inline constexpr std::size_t kCompressionBytesMin = 1 << 10;
inline constexpr std::size_t kWorkerQueueMax = 512;
inline constexpr int kWorkerThreads = 64;  // started when they are needed; most of those that run wait for a warehouse
inline constexpr std::size_t kWorkerThreadsPerShare = 8;
inline constexpr int kStreamThreads = 1'200;  // a stream has a thread of its own, which mostly waits
inline constexpr std::size_t kStreamStackBytes = 2 << 20;
inline constexpr std::size_t kStreamQueueMax = 16;

inline constexpr int kHeaderDeadlineMs = 10'000;
inline constexpr int kIdleMs = 60'000;
inline constexpr int kBodyGraceMs = 10'000;
inline constexpr int kWriteStallMs = 30'000;  // no byte of an answer accepted by the client for this long
inline constexpr int kLingerMs = 10'000;
inline constexpr int kLingerSilenceMs = 1'000;  // of a client that is being lingered for
inline constexpr int kHeartbeatMs = 15'000;
inline constexpr int kStreamStallMs = 2'000;  // an event waits this long for room in the stream's buffer
inline constexpr int kQueueWaitMs = 5'000;    // in front of the workers; whoever waited longer is told to come again
inline constexpr int kSweepMs = 200;          // how exactly the times above are kept

}  // namespace bridge
