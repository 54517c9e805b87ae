#include "platform/work/periodic_task.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/guarded.h"

namespace bridge {
namespace {

using Clock = std::chrono::steady_clock;

class ThreadPeriodicTask final : public PeriodicTask {
 public:
  ThreadPeriodicTask(PeriodicTaskOptions options, std::function<NextRun(const std::stop_token&)> run)
      : options_(std::move(options)),
        interval_(std::max(options_.interval, std::chrono::milliseconds(1))),
        run_(std::move(run)),
        due_(Clock::now() + interval_),
        thread_([this](const std::stop_token& stop) { loop(stop); }) {}

  void run_now() override {
    const std::lock_guard lock(mutex_);
    asked_ = true;
    changed_.notify_one();
  }

  void stop() override {
    thread_.request_stop();
    const std::lock_guard lock(joining_);
    if (thread_.joinable()) thread_.join();
  }

 private:
  void loop(const std::stop_token& stop) {
    NextRun next = NextRun::after_interval;
    run_rounds(stop, options_.name, [&] {
      {
        std::unique_lock lock(mutex_);
        const auto asked = [this] { return asked_; };
        if (next == NextRun::when_asked) changed_.wait(lock, stop, asked);
        else changed_.wait_until(lock, stop, due_, asked);
        if (stop.stop_requested()) return false;
        asked_ = false;
      }
      if (const auto now = Clock::now(); now >= due_) due_ += ((now - due_) / interval_ + 1) * interval_;
      next = NextRun::after_interval;  // should it throw
      next = run_(stop);
      return !stop.stop_requested();
    });
  }

  const PeriodicTaskOptions options_;
  const std::chrono::milliseconds interval_;
  const std::function<NextRun(const std::stop_token&)> run_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool asked_ = false;     // guarded by mutex_
  Clock::time_point due_;  // of the thread
  std::mutex joining_;
  std::jthread thread_;  // last: it uses everything above
};

}  // namespace

std::unique_ptr<PeriodicTask> start_periodic_task_with_pace(PeriodicTaskOptions options,
                                                            std::function<NextRun(const std::stop_token&)> run) {
  return std::make_unique<ThreadPeriodicTask>(std::move(options), std::move(run));
}

}  // namespace bridge
