#pragma once

#include <string>

#include "base/result.h"
#include "platform/worker_process/sandbox.h"

// Landlock (https://docs.kernel.org/userspace-api/landlock.html): rules of the kernel that a process sets for itself and its later threads,
// by the files themselves and not by their names, so that no link leads around them. Each gives what this kernel's version of it leaves
// open, empty where that is nothing; unsupported with the reason where it has none.

namespace bridge {

// Nothing can be opened but what the options name.
Result<std::string> restrict_files(const SandboxOptions& options);

// No TCP (since version 4), no abstract sockets of others and no signals to others (since version 6).
Result<std::string> restrict_network();

}  // namespace bridge
