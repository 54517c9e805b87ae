#include "platform/http/task_pool.h"

#include "base/guarded.h"

namespace bridge {

bool TaskPool::try_run(std::move_only_function<void()> task) {
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  if (!idle_.empty()) {
    Worker& worker = *idle_.back();
    idle_.pop_back();
    worker.task = std::move(task);
    lock.unlock();  // first, so that the thread that wakes does not wait for it
    worker.wake.notify_one();
    return true;
  }
  if (workers_.size() < threads_max_ && start_thread(task)) return true;
  if (workers_.empty() || tasks_.size() >= queue_max_) return false;
  return guarded([&] { tasks_.push_back(std::move(task)); }).has_value();
}

// Takes the task only when there is a thread for it.
bool TaskPool::start_thread(std::move_only_function<void()>& task) {
  if (!guarded([&] { idle_.reserve(workers_.size() + 1); })) return false;  // so that no thread needs memory to become idle
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  if (stack_bytes_ > 0) pthread_attr_setstacksize(&attributes, stack_bytes_);
  if (!guarded([&] { workers_.emplace_back(this); })) {
    pthread_attr_destroy(&attributes);
    return false;
  }
  Worker& worker = workers_.back();
  worker.task = std::move(task);
  const auto run = [](void* started) -> void* {
    auto& self = *static_cast<Worker*>(started);
    self.pool->work(self);
    return nullptr;
  };
  const bool started = pthread_create(&worker.thread, &attributes, run, &worker) == 0;
  pthread_attr_destroy(&attributes);
  if (started) return true;
  task = std::move(worker.task);
  workers_.pop_back();
  return false;
}

void TaskPool::stop() {
  std::deque<std::move_only_function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
    for (Worker* worker : idle_) worker->wake.notify_one();
    idle_.clear();
  }
  // No thread is started any more, so the list stays as it is.
  for (Worker& worker : workers_) {
    if (worker.thread != pthread_t{}) pthread_join(std::exchange(worker.thread, pthread_t{}), nullptr);
  }
}

std::size_t TaskPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void TaskPool::work(Worker& worker) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!worker.task && !tasks_.empty()) {
      worker.task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    if (!worker.task) {
      if (stopping_) return;
      idle_.push_back(&worker);
      worker.wake.wait(lock, [&] { return stopping_ || worker.task; });
      continue;
    }
    std::move_only_function<void()> task = std::exchange(worker.task, nullptr);
    lock.unlock();
    if (const Result<> ran = guarded(task); !ran) log_failure("thread_failed", "pool of requests", ran.error());
    task = nullptr;
    lock.lock();
  }
}

}  // namespace bridge
