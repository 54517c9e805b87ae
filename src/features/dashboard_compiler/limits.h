#pragma once

#include <cstddef>

namespace bridge::compiler_limits {

inline constexpr std::size_t kSqlBytesMax = 64 << 10;
inline constexpr std::size_t kSqlNestingMax = 64;
inline constexpr std::size_t kBoundValuesMax = 4'096;    // of one query
inline constexpr std::size_t kParameterValuesMax = 200;  // of one parameter in a request
inline constexpr std::size_t kParameterValueCharactersMax = 1'000;

}  // namespace bridge::compiler_limits
