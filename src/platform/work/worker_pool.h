#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/result.h"

namespace bridge {

struct WorkerPoolLimits {
  std::string name;  // in the log
  std::size_t threads_max = 1;
  std::size_t queue_max = 1'024;      // jobs that wait, of all keys
  std::size_t key_threads_max = 1;    // jobs of one key that run at the same time
  std::size_t key_queue_max = 1'024;  // jobs of one key that wait
  // A group gets another thread, or place in the queue, only while more of them are free than it has: however many groups hang, the next
  // one still gets some. Of what its group may still get, a key takes no more in the same way.
  bool groups_leave_room = false;
  // 0: as the system has it. Stacks are address space that counts against the process's memory limit, used or not.
  std::size_t stack_bytes = 0;
};

struct WorkerJob {
  std::string key;    // what may hang by itself: it gets its share of the threads and no more
  std::string group;  // whose it is; empty: the key is a group of its own. Always the same for one key
  // When its stop or deadline fires while the job waits, the job is dropped.
  CallContext context;
  std::move_only_function<void()> work;
  // Called instead of `work`, on another thread than the one that submitted it, when the job was dropped. May be empty.
  std::move_only_function<void(const Error&)> dropped;
};

struct WorkerPoolStatistics {
  std::size_t running = 0;
  std::size_t waiting = 0;
};

// Threads that run jobs, started when they are first needed; a bounded queue in front of them. Keys take turns, and none has more than its
// share, nor has its group where groups leave room, so that one whose jobs hang never takes the threads of the others. The thread that
// became idle last is the next to run: what it uses is still in the processor's caches. Thread-safe.
class WorkerPool {
 public:
  virtual ~WorkerPool() = default;  // stops

  // Returns at once. unavailable ("overloaded") when the queue, or the key's part of it, is full; ("out_of_memory") when there is no memory
  // or thread for it; ("stopping") after stop(). A job that throws ends like another. Jobs whose call has ended are dropped within
  // kDropCheckEvery.
  virtual Result<> submit(WorkerJob job) = 0;

  // Drops what waits with unavailable ("stopping"), lets what runs finish, joins. Not from one of its own threads.
  virtual void stop() = 0;

  virtual WorkerPoolStatistics statistics() const = 0;
};

inline constexpr std::chrono::milliseconds kDropCheckEvery{50};

std::unique_ptr<WorkerPool> make_worker_pool(WorkerPoolLimits limits);

// Runs `work(0)` to `work(count - 1)`, as many at a time as the pool allows for the key, and returns when all are done. The caller's own
// thread helps, so that a full pool, or one without a single thread, can never stop it. A piece that throws takes no other with it; the
// first such failure is the error.
Result<> run_all(WorkerPool& pool, const std::string& key, std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace bridge
