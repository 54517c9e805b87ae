#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/worker_process/limits.h"

namespace bridge {

// What stands between a worker and the machine. Each holds without the others.
enum class SandboxLayer : std::uint8_t {
  descriptors,        // none of the server's but the channel; standard input and output lead nowhere
  environment,        // empty
  not_dumpable,       // no core file, no debugger, no look into its memory
  resource_limits,    // memory, size of files, descriptors (setrlimit)
  no_new_privileges,  // no set-user-id program makes it more
  files,              // only what was named (Landlock)
  network,            // no TCP, no abstract sockets, no signals to other processes (Landlock)
  system_calls,       // those that an engine needs (seccomp): no socket, program, process, shared memory
};
BOOST_DESCRIBE_ENUM(SandboxLayer, descriptors, environment, not_dumpable, resource_limits, no_new_privileges, files, network, system_calls)

struct SandboxOptions {
  // Whole paths without links, of files, and of folders with all that is in them. What is not there is left out.
  std::vector<std::string> readable_paths;
  std::string scratch_folder;                            // the only one that may be written; empty: none
  std::uint64_t file_bytes_max = worker_file_bytes_max;  // of each file that is written
  std::uint64_t memory_bytes_max = worker_memory_max;    // private memory, stacks among it
  std::uint64_t descriptors_max = worker_descriptors_max;
  std::vector<SandboxLayer> left_out;  // for tests of the others
};
BOOST_DESCRIBE_STRUCT(SandboxOptions, (), (readable_paths, scratch_folder, file_bytes_max, memory_bytes_max, descriptors_max, left_out))

struct SandboxLayerReport {
  SandboxLayer layer = SandboxLayer::descriptors;
  bool in_force = false;
  std::string note;  // for the operator: why it is missing, or what a layer in force leaves open
};
BOOST_DESCRIBE_STRUCT(SandboxLayerReport, (), (layer, in_force, note))

struct SandboxReport {
  std::vector<SandboxLayerReport> layers;
};
BOOST_DESCRIBE_STRUCT(SandboxReport, (), (layers))

// Whether every layer is in force.
bool is_whole(const SandboxReport& report);

// Puts the calling process behind its walls, for good. Only while it has one thread: Landlock and seccomp hold the threads that are started
// after it, and not those that are there. Of the descriptors `kept` stays open. A layer that this system does not have is told in the
// report, and it is for the caller to go on or not.
SandboxReport enter_sandbox(const SandboxOptions& options, int kept);

}  // namespace bridge
