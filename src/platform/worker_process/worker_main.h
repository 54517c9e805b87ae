#pragma once

#include "platform/worker_process/channel.h"
#include "platform/worker_process/sandbox.h"
#include "platform/worker_process/worker_program.h"

namespace bridge::worker_process {

// Is a worker, in a process that has one thread: enters the sandbox, starts the program, answers calls until the server has gone.
[[noreturn]] void run_worker(Channel control, const WorkerProgram& program, const SandboxOptions& sandbox);

}  // namespace bridge::worker_process
