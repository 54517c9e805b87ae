#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bridge {

// Threads that run tasks, started when they are first needed; a bounded queue in front of them.
class TaskPool {
 public:
  TaskPool(std::size_t threads_max, std::size_t queue_max) : threads_max_(threads_max), queue_max_(queue_max) {}
  ~TaskPool() { stop(); }
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // False when all threads are busy and the queue is full, or after stop().
  bool try_run(std::move_only_function<void()> task);

  // Drops what waits, lets what runs finish, joins. Not from one of its own threads.
  void stop();

  std::size_t waiting() const;

 private:
  void work();

  const std::size_t threads_max_;
  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> tasks_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace bridge
