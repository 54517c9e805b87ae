#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/result.h"
#include "platform/worker_process/channel.h"
#include "platform/worker_process/sandbox.h"

namespace bridge {

struct LaunchedWorker {
  pid_t pid = 0;
  FileDescriptor process;  // pidfd: names this process alone, whoever has its number later
  Channel control;
  SandboxReport sandbox;
};

// A program that every zygote has: answers nothing.
inline constexpr std::string_view kIdleProgram = "idle";

// Starts workers. They are forked by the zygote: this program once more, with a clean environment and address space and one thread. It is
// started when it is first needed, again when it dies, and ends with the server however that ends; its workers end with it. Thread-safe.
class WorkerLauncher {
 public:
  virtual ~WorkerLauncher() = default;  // ends the zygote and all workers

  // Has the zygote started, where it is not. Returns at once.
  virtual void warm() = 0;

  // A worker that has started its program behind its walls. The program's own error when it does not start; unavailable
  // ("worker_not_started") when there is no process for it.
  virtual Result<LaunchedWorker> launch(const CallContext& context, const std::string& program, const SandboxOptions& sandbox,
                                        std::string_view argument) = 0;

  // What waitpid said of a worker that has ended, waited for. Nothing when it has not, when it was asked for before, or when the zygote
  // died, and its workers with it.
  virtual std::optional<int> take_end(pid_t pid, std::chrono::milliseconds wait) = 0;

  // Of the zygote, 0 while there is none. For tests and diagnosis.
  virtual pid_t zygote() const = 0;
};

// main() has to call serve_if_zygote().
std::unique_ptr<WorkerLauncher> make_worker_launcher();

}  // namespace bridge
