#include "platform/work/periodic_task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bridge {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Whether it became true within some seconds.
template <class Condition>
bool soon(const Condition& condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

TEST(PeriodicTask, RunsOnABeatThatItsOwnDurationDoesNotShift) {
  std::mutex mutex;
  std::vector<Clock::time_point> begun;
  const auto start = Clock::now();
  const auto task = start_periodic_task({.name = "test", .interval = 40ms}, [&](const std::stop_token&) {
    {
      const std::lock_guard lock(mutex);
      begun.push_back(Clock::now());
    }
    std::this_thread::sleep_for(15ms);
  });
  ASSERT_TRUE(soon([&] {
    const std::lock_guard lock(mutex);
    return begun.size() >= 5;
  }));
  task->stop();
  // Were each interval to begin at the end of the run before, the fifth would come 4 * 15 ms later.
  EXPECT_GE(begun.front() - start, 40ms);
  const auto late = (begun[4] - begun[0]) % 40ms;
  EXPECT_TRUE(late < 15ms || late > 25ms) << std::chrono::duration_cast<std::chrono::milliseconds>(late).count();
}

TEST(PeriodicTask, RunsAtOnceWhenAskedTo) {
  std::atomic<int> runs = 0;
  const auto task = start_periodic_task({.name = "test", .interval = 1h}, [&](const std::stop_token&) { ++runs; });
  EXPECT_EQ(runs, 0);
  task->run_now();
  EXPECT_TRUE(soon([&] { return runs == 1; }));
  task->run_now();
  EXPECT_TRUE(soon([&] { return runs == 2; }));
}

TEST(PeriodicTask, NeverOverlapsItselfAndForgetsNoWish) {
  std::atomic<int> at_work = 0;
  std::atomic<int> most = 0;
  std::atomic<int> runs = 0;
  const auto task = start_periodic_task({.name = "test", .interval = 5ms}, [&](const std::stop_token&) {
    most = std::max(most.load(), ++at_work);
    std::this_thread::sleep_for(20ms);
    --at_work;
    ++runs;
  });
  for (int i = 0; i < 20; ++i) {
    task->run_now();
    std::this_thread::sleep_for(3ms);
  }
  const int before = runs;
  task->run_now();
  EXPECT_TRUE(soon([&] { return runs > before; }));
  task->stop();
  EXPECT_EQ(most, 1);
}

TEST(PeriodicTask, StopsPromptlyWhileItWaitsAndTellsTheRunThatIsUnderWay) {
  const auto start = Clock::now();
  start_periodic_task({.name = "test", .interval = 1h}, [](const std::stop_token&) {});
  std::atomic<bool> begun = false;
  const auto task = start_periodic_task({.name = "test", .interval = 1ms}, [&](const std::stop_token& stop) {
    begun = true;
    while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
  });
  ASSERT_TRUE(soon([&] { return begun.load(); }));
  task->stop();
  task->stop();
  EXPECT_LT(Clock::now() - start, 10s);
}

TEST(PeriodicTask, GoesOnAfterARunThatThrew) {
  std::atomic<int> runs = 0;
  const auto task = start_periodic_task({.name = "test", .interval = 1ms}, [&](const std::stop_token&) {
    if (++runs == 1) throw std::runtime_error("broken");
  });
  EXPECT_TRUE(soon([&] { return runs >= 3; }));
}

TEST(PeriodicTask, SleepsUntilItIsAskedWhenItWantsTo) {
  std::atomic<int> runs = 0;
  const auto task = start_periodic_task({.name = "test", .interval = 1ms}, [&](const std::stop_token&) {
    ++runs;
    return NextRun::when_asked;
  });
  ASSERT_TRUE(soon([&] { return runs == 1; }));
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(runs, 1);
  task->run_now();
  EXPECT_TRUE(soon([&] { return runs == 2; }));
}

}  // namespace
}  // namespace bridge
