#pragma once

#include <chrono>
#include <cstddef>

namespace bridge {

inline constexpr std::size_t kKeyBytesMax = 1'024;
inline constexpr std::size_t kSegmentBytesMax = 240;  // of one path segment; file systems allow 255
inline constexpr std::size_t kObjectBytesMax = 1ull << 30;
inline constexpr std::size_t kListedObjectsMax = 1'000'000;
// The longest wait for another writer of the same object, whatever the caller's deadline.
inline constexpr std::chrono::milliseconds kLockWaitMax{10'000};

}  // namespace bridge
