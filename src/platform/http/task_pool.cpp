#include "platform/http/task_pool.h"

namespace bridge {

bool TaskPool::try_run(std::move_only_function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  // An idle thread that was told of an earlier task has not taken it yet: it counts for that one.
  const bool has_free_thread = idle_ > tasks_.size();
  if (!has_free_thread && threads_.size() < threads_max_) {
    if (!start_thread() && threads_.empty()) return false;
  } else if (!has_free_thread && tasks_.size() >= queue_max_ + idle_) {
    return false;
  }
  tasks_.push_back(std::move(task));
  changed_.notify_one();
  return true;
}

bool TaskPool::start_thread() {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  if (stack_bytes_ > 0) pthread_attr_setstacksize(&attributes, stack_bytes_);
  pthread_t thread{};
  const auto run = [](void* pool) -> void* {
    static_cast<TaskPool*>(pool)->work();
    return nullptr;
  };
  const bool started = pthread_create(&thread, &attributes, run, this) == 0;
  pthread_attr_destroy(&attributes);
  if (started) threads_.push_back(thread);
  return started;
}

void TaskPool::stop() {
  std::deque<std::move_only_function<void()>> dropped;
  std::vector<pthread_t> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

std::size_t TaskPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void TaskPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    --idle_;
    if (tasks_.empty()) return;
    std::move_only_function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace bridge
