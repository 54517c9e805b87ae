#pragma once

#include <chrono>
#include <cstddef>

namespace bridge::chat_limits {

inline constexpr std::size_t kMessageCharactersMax = 32 << 10;
inline constexpr std::size_t kToolNamesMax = 32;

// A turn whose client asked to be waited for goes on for this long without one.
inline constexpr std::chrono::seconds kGraceTime{30};
inline constexpr std::chrono::milliseconds kGraceCheckEvery{250};

// Events of a turn that are kept for a client that comes back; the oldest go first.
inline constexpr std::size_t kTurnEventBytesMax = 8 << 20;
inline constexpr std::size_t kFinishedTurnsMax = 256;  // kept after their end, of all sessions
inline constexpr std::size_t kFinishedBytesMax = 64 << 20;
inline constexpr std::size_t kResumesAtOnceMax = 8;  // of one turn

inline constexpr std::chrono::seconds kStopWaitMax{5};  // for a turn to end that was told to, before its session is ended

}  // namespace bridge::chat_limits
