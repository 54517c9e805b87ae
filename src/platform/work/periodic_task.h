#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

namespace bridge {

struct PeriodicTaskOptions {
  std::string name;  // in the log
  std::chrono::milliseconds interval{1'000};
};

// When a task wants to run again by itself.
enum class NextRun : std::uint8_t { after_interval, when_asked };

// Something that is done every so often, on a thread of its own; never twice at the same time. A run that throws is logged, and the next
// one comes in its turn. Thread-safe.
class PeriodicTask {
 public:
  virtual ~PeriodicTask() = default;  // stops

  // Runs at once, or once more when it is running.
  virtual void run_now() = 0;
  // Asks the run that is under way to stop, and waits for it; no other begins. Not from inside the task.
  virtual void stop() = 0;
};

// The first run is an interval from now, the next ones at multiples of it: a run that takes long delays no later one, and those that it
// misses are left out.
std::unique_ptr<PeriodicTask> start_periodic_task_with_pace(PeriodicTaskOptions options,
                                                            std::function<NextRun(const std::stop_token&)> run);

// `run(stop)` returns nothing, or when it wants to run again.
template <class Run>
std::unique_ptr<PeriodicTask> start_periodic_task(PeriodicTaskOptions options, Run run) {
  if constexpr (std::is_void_v<std::invoke_result_t<Run&, const std::stop_token&>>) {
    return start_periodic_task_with_pace(std::move(options), [run = std::move(run)](const std::stop_token& stop) mutable {
      run(stop);
      return NextRun::after_interval;
    });
  } else {
    return start_periodic_task_with_pace(std::move(options), std::move(run));
  }
}

}  // namespace bridge
