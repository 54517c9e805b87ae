#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/call_context.h"

namespace bridge {

// A mutex whose waiting honours the caller: their deadline, their leaving, and a longest wait.
class ContextMutex {
 public:
  class Unlock {
   public:
    void operator()(ContextMutex* mutex) const { mutex->unlock(); }
  };
  // Held until it is destroyed.
  using Lock = std::unique_ptr<ContextMutex, Unlock>;

  // Null when `wait_max` went by; cancelled or deadline_exceeded when the context says so first.
  Result<Lock> lock(const CallContext& context, std::chrono::milliseconds wait_max) {
    std::unique_lock lock(mutex_);
    const auto until = *context.with_timeout(wait_max).deadline;
    if (!free_.wait_until(lock, context.stop, until, [this] { return !held_; })) {
      TRY(context.check());
      return Lock();
    }
    held_ = true;
    return Lock(this);
  }

 private:
  void unlock() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    free_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable_any free_;
  bool held_ = false;
};

}  // namespace bridge
