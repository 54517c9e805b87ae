#pragma once

#include <chrono>
#include <cstddef>

// Bounds of what stands between the orchestrator and a provider.

namespace bridge {

// Of one step: every attempt at every model together.
inline constexpr int kAttemptsMax = 3;  // of one model
inline constexpr std::chrono::milliseconds kRetryDelayFirst{500};
inline constexpr std::chrono::milliseconds kRetryDelayMax{8'000};
// A server that asks for more patience than this is given up at once, and left alone for as long as it asked.
inline constexpr std::chrono::milliseconds kServerDelayMax{60'000};

// Retries of a team: at most this share of its calls, so that retries cannot multiply the load of something that is down.
inline constexpr double kRetryShare = 0.1;
inline constexpr double kRetriesSavedMax = 10;  // what a quiet time may put aside
inline constexpr double kRetriesAtStart = 3;

inline constexpr int kBreakerFailuresMax = 5;  // in a row, then the circuit opens
inline constexpr std::chrono::milliseconds kBreakerOpenFirst{5'000};
inline constexpr std::chrono::milliseconds kBreakerOpenMax{300'000};

// Teams and models are names that others choose: the oldest is forgotten.
inline constexpr std::size_t kTeamsRememberedMax = 10'000;
inline constexpr std::size_t kCircuitsMax = 256;

inline constexpr std::size_t kStandInsMax = 10'000;  // of one call

}  // namespace bridge
