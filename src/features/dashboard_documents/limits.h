#pragma once

#include <chrono>
#include <cstddef>

namespace bridge::document_limits {

inline constexpr std::size_t kDocumentBytesMax = 256 << 10;
inline constexpr std::size_t kLineBytesMax = 64 << 10;  // the YAML scanner looks ahead to the end of a line
inline constexpr std::size_t kDepthMax = 32;
inline constexpr std::size_t kNodesMax = 20'000;
inline constexpr std::size_t kViolationsMax = 100;  // of one level of validation

inline constexpr std::chrono::seconds kTimeToLiveMin{10};
inline constexpr std::chrono::hours kTimeToLiveMax{48};
inline constexpr std::chrono::hours kMaxStaleMax{7 * 24};

}  // namespace bridge::document_limits
