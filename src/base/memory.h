#pragma once

#include <cstdint>

namespace bridge {

// The most memory that this process may take: its own limit of data (RLIMIT_DATA), else what its control group or the machine has. What a
// part of the program may take at most is said as a share of it, so that all of them together stay below.
std::uint64_t process_memory_max();

}  // namespace bridge
