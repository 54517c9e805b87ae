#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge {

// One frame of a channel. A batch of rows is at most a few MiB, but a single value in it may be larger.
inline constexpr std::size_t frame_bytes_max = 64 << 20;
// Memory for a frame's body is taken as it arrives, so that a length alone, which may be a lie, costs nothing.
inline constexpr std::size_t frame_first_bytes = 64 << 10;

// How long a worker may go on after its call was cancelled or out of time, before it is killed.
inline constexpr std::chrono::milliseconds worker_grace{50};
// From asking for a worker until it answers. The first of a kind loads its libraries.
inline constexpr std::chrono::milliseconds worker_start_max{10'000};
// How long the cause of a worker's death is waited for.
inline constexpr std::chrono::milliseconds worker_cause_wait{1'000};
// What a worker that is ended does not read in this time it does not read at all.
inline constexpr std::chrono::milliseconds worker_message_wait{1'000};
// Between looks for workers that were idle for too long.
inline constexpr std::chrono::milliseconds worker_idle_check{1'000};

// Processor time under load, as `nice` has it: engines that are long at work give way to those that are not, and to the server, but are
// not starved by whatever else the machine does.
inline constexpr int worker_priority = 0;
inline constexpr int worker_priority_of_long_calls = 10;
inline constexpr std::chrono::milliseconds worker_long_call{1'000};

// The zygote is started again when it dies, but not in a tight circle.
inline constexpr std::chrono::milliseconds zygote_restart_pause{100};
// Ends of workers that nobody asked about.
inline constexpr std::size_t known_ends_max = 1'024;

// Of a worker's threads; counts against its memory in full, used or not.
inline constexpr std::size_t worker_stack_bytes = 2 << 20;

// Of a sandbox, unless it says otherwise.
inline constexpr std::uint64_t worker_memory_max = std::uint64_t{2} << 30;
inline constexpr std::uint64_t worker_file_bytes_max = std::uint64_t{2} << 30;
inline constexpr std::uint64_t worker_descriptors_max = 512;
// Threads and processes of the user that the server runs as; the superuser has no such limit.
inline constexpr std::uint64_t worker_threads_of_user_max = 8'192;
// Address space beside the memory: what the allocator sets aside without using it, and libraries.
inline constexpr std::uint64_t worker_address_space_beside = std::uint64_t{32} << 30;

}  // namespace bridge
