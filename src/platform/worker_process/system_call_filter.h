#pragma once

#include <string>

#include "base/result.h"

namespace bridge {

struct SystemCallOptions {
  bool may_write = false;  // files; where, is for others to say
};

// Lets the calling process and its later threads make only the system calls that an engine of files needs: read and, where allowed, write
// files, private memory, threads, time, and what is said over sockets that it already has. All others fail with EPERM (seccomp with a
// filter, https://docs.kernel.org/userspace-api/seccomp_filter.html); those of another architecture end the process. Nothing that would
// open a socket, start a program or a process, look into one, share or execute new memory is among them. Gives what it leaves open, which
// is nothing; unsupported with the reason where there is no such filter.
Result<std::string> filter_system_calls(const SystemCallOptions& options);

}  // namespace bridge
