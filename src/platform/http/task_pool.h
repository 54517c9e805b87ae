#pragma once

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <vector>

namespace bridge {

// Threads that run tasks, started when they are first needed; a bounded queue in front of them. The thread that became idle last is the
// next to run: what it uses is still in the processor's caches.
class TaskPool {
 public:
  // `stack_bytes` 0: as the system has it. Stacks are address space that counts against the process's memory limit, used or not.
  TaskPool(std::size_t threads_max, std::size_t queue_max, std::size_t stack_bytes = 0)
      : threads_max_(threads_max), queue_max_(queue_max), stack_bytes_(stack_bytes) {}
  ~TaskPool() { stop(); }
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // False when all threads are busy and the queue is full, when there is no memory for the task, or after stop(). A task that throws ends
  // like another.
  bool try_run(std::move_only_function<void()> task);

  // Drops what waits, lets what runs finish, joins. Not from one of its own threads.
  void stop();

  std::size_t waiting() const;

 private:
  struct Worker {
    TaskPool* pool;
    pthread_t thread{};
    std::condition_variable wake;
    std::move_only_function<void()> task;  // given to it while it was idle, or to begin with
  };

  bool start_thread(std::move_only_function<void()>& task);
  void work(Worker& worker);

  const std::size_t threads_max_;
  const std::size_t queue_max_;
  const std::size_t stack_bytes_;
  mutable std::mutex mutex_;
  std::deque<std::move_only_function<void()>> tasks_;  // only while no thread is idle
  std::list<Worker> workers_;
  std::vector<Worker*> idle_;  // the latest last
  bool stopping_ = false;
};

}  // namespace bridge
