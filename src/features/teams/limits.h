#pragma once

#include <chrono>
#include <cstddef>

namespace bridge {

inline constexpr std::chrono::hours kSessionIdleMax{12};
inline constexpr std::chrono::hours kSessionAgeMax{7 * 24};
inline constexpr std::chrono::hours kLinkAgeMax{24};
inline constexpr int kKeyDaysDefault = 90;
inline constexpr int kKeyDaysMax = 3'650;
inline constexpr std::size_t kKeysPerTeamMax = 1'000;
inline constexpr std::size_t kTokenBytesMax = 128;  // of anything that is presented as a credential

// How long an answer about a credential may be reused: the longest that a revocation takes.
inline constexpr std::chrono::milliseconds kCallerCacheAge{900};
inline constexpr std::chrono::milliseconds kStreamCallersLookedAtEvery{300};
inline constexpr std::size_t kCachedCallersMax = 32'768;
inline constexpr std::chrono::seconds kUseNotedEvery{60};
inline constexpr std::size_t kUsesNotedMax = 10'000;

// Wrong credentials from one address: this many at once, then one more every few seconds.
inline constexpr double kWrongGuessesMax = 20;
inline constexpr std::chrono::seconds kWrongGuessEvery{3};
inline constexpr std::size_t kGuessingAddressesMax = 4'096;

}  // namespace bridge
