#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/result.h"
#include "base/secret.h"
#include "platform/worker_process/sandbox.h"
#include "platform/worker_process/worker_launcher.h"

namespace bridge {

struct WorkerLimits {
  std::size_t workers_max = 16;
  std::size_t worker_calls_max = 16;  // that one worker answers at the same time; the next one waits
  // Of those, for one class of those that nobody waits for (CallContext::work_class): so there is always room for somebody who does.
  std::size_t worker_calls_aside_max = 3;
  std::size_t workers_for_somebody = 4;  // workers that may start for those who wait alone
  std::chrono::milliseconds idle_max{60'000};
  std::chrono::milliseconds grace = worker_grace;
  std::chrono::milliseconds long_call = worker_long_call;  // from then on a call gives way to others of other workers
};

// Who does the work of a call. Calls with the same key and version go to the same worker.
struct WorkerSpec {
  std::string key;  // what may hang by itself and may never be mixed with others: a team's connection
  // Who shares the workers that there may be: a team. A group gets another one only while more places are free than it has at work, so that
  // the next group always finds one.
  std::string group;
  // Of what the worker was started with (its argument, the files that it may read). When it changes, the worker answers the calls that it
  // has, and a new one takes the next.
  std::string version;
  std::string program;
  Secret argument;
  SandboxOptions sandbox;
};

// Takes one message of an answer, on the thread of the call. A failure ends the call with it. What a worker says may be a lie: it is for
// the sink to look at every byte before it believes it.
using TakeMessage = std::function<Result<>(std::string_view message)>;

struct WorkerStatistics {
  std::size_t workers = 0;
  std::size_t calls = 0;
};

// Workers on demand: one for each key, kept while it is used, ended when it is idle for too long or when its place is needed by another.
// Thread-safe.
class WorkerSupervisor {
 public:
  virtual ~WorkerSupervisor() = default;  // ends all workers

  // Blocks until the worker has answered. Errors beside those of the program and the sink:
  //   "query_killed"  the worker was killed, or died, for this call. The only violation's code says of what: "time" (deadline_exceeded: it
  //                   went on for `grace` past the call's deadline), "memory" (resource_exhausted), "crash" (unsupported).
  //                   Not to be tried again as it is.
  //   "worker_ended"  unavailable: the worker ended for another's sake in the middle of this answer. Worth another try.
  //   "overloaded"    unavailable: every worker that there may be, or that the group may have, has work.
  // A call whose worker ends for another's sake before any of its answer came is made again, in a worker of its own.
  virtual Result<> call(const CallContext& context, const WorkerSpec& spec, std::string_view request, const TakeMessage& take) = 0;

  // Ends the worker of a key that will not be used again, when it has answered what it was asked.
  virtual void end(const std::string& key) = 0;

  // Has the zygote ready, so that the first call does not wait for it. Returns at once.
  virtual void warm() = 0;

  // Which walls this system gives a worker; starts one that does nothing, and ends it.
  virtual Result<SandboxReport> probe(const CallContext& context) = 0;

  virtual WorkerStatistics statistics() const = 0;
};

std::unique_ptr<WorkerSupervisor> make_worker_supervisor(std::shared_ptr<WorkerLauncher> launcher, WorkerLimits limits);

}  // namespace bridge
