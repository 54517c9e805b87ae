#include "platform/work/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/text.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

// Whether it became true within some seconds.
template <class Condition>
bool soon(const Condition& condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

// What hangs until it is opened.
class Gate {
 public:
  void wait() {
    ++waiting_;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int waiting() const { return waiting_; }

 private:
  std::atomic<int> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

WorkerJob job_of(std::string key, std::function<void()> work) {
  return {.key = std::move(key), .context = {}, .work = std::move(work), .dropped = {}};
}

TEST(WorkerPool, AKeyThatHangsTakesItsShareAndNoMore) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 4, .key_threads_max = 2});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pool->submit(job_of("hangs", [&] { gate.wait(); })));
  std::atomic<int> done = 0;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool->submit(job_of(str("other", i % 3), [&] { ++done; })));
  EXPECT_TRUE(soon([&] { return done == 50; }));
  EXPECT_EQ(gate.waiting(), 2);
  EXPECT_TRUE(soon([&] { return pool->statistics().running == 2; }));
  EXPECT_EQ(pool->statistics().waiting, 8U);
  gate.open();
  EXPECT_TRUE(soon([&] { return gate.waiting() == 10; }));
}

WorkerJob job_of_group(std::string group, std::string key, std::function<void()> work) {
  return {.key = std::move(key), .group = std::move(group), .context = {}, .work = std::move(work), .dropped = {}};
}

TEST(WorkerPool, HoweverManyKeysOfAGroupHangAnotherGroupGetsThreadsAndPlacesInTheQueue) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 16, .queue_max = 64, .key_threads_max = 4, .groups_leave_room = true});
  const auto fill = [&](int group) {
    for (int i = 0; i < 200; ++i) (void)pool->submit(job_of_group(str("hangs", group), str(group, "/", i % 20), [&] { gate.wait(); }));
  };
  fill(0);
  EXPECT_TRUE(soon([&] { return pool->statistics().running == 8; })) << "half of all";
  EXPECT_EQ(pool->statistics().waiting, 32U);
  fill(1);
  fill(2);
  EXPECT_TRUE(soon([&] { return pool->statistics().running == 14; }));
  std::atomic<int> done = 0;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(pool->submit(job_of_group("well", str("well/", i % 3), [&] { ++done; })));
    ASSERT_TRUE(soon([&] { return done == i + 1; }));
  }
  gate.open();
  EXPECT_TRUE(soon([&] { return pool->statistics().running == 0 && pool->statistics().waiting == 0; }));
}

TEST(WorkerPool, OneKeyThatHangsLeavesThreadsToTheOthersOfItsGroup) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 16, .key_threads_max = 16, .groups_leave_room = true});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(pool->submit(job_of_group("team", "hangs", [&] { gate.wait(); })));
  EXPECT_TRUE(soon([&] { return pool->statistics().running == 6; }));
  std::atomic<int> done = 0;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(pool->submit(job_of_group("team", "well", [&] { ++done; })));
  EXPECT_TRUE(soon([&] { return done == 20; }));
  gate.open();
}

TEST(WorkerPool, RoomThatAnEndMakesForSeveralKeysIsUsedByIdleThreadsToo) {
  Gate hangs;
  std::list<Gate> ends(12);
  std::atomic<int> done = 0;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 4, .key_threads_max = 4, .groups_leave_room = true});
  // Two keys of a group fill what it may have, in each order of who ends first; whatever is left waiting has to be done.
  auto gate = ends.begin();
  for (int i = 0; i < 12; ++i, ++gate) {
    ASSERT_TRUE(pool->submit(job_of_group("team", i % 3 == 0 ? "a" : "b", [&, gate = &*gate] {
      gate->wait();
      ++done;
    })));
  }
  for (auto last = ends.rbegin(); last != ends.rend(); ++last) last->open();
  EXPECT_TRUE(soon([&] { return done == 12; }));
}

TEST(WorkerPool, RefusesAtOnceWhenTheQueueIsFull) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 1, .queue_max = 2, .key_threads_max = 1, .key_queue_max = 2});
  ASSERT_TRUE(pool->submit(job_of("a", [&] { gate.wait(); })));
  ASSERT_TRUE(pool->submit(job_of("a", [] {})));
  ASSERT_TRUE(pool->submit(job_of("b", [] {})));
  const auto refused = pool->submit(job_of("c", [] {}));
  EXPECT_EQ(code_of(refused), ErrorCode::unavailable);
  EXPECT_EQ(refused.error().reason, "overloaded");
  gate.open();
  EXPECT_TRUE(soon([&] { return pool->submit(job_of("c", [] {})).has_value(); }));
}

TEST(WorkerPool, AKeyThatHangsFillsOnlyItsPartOfTheQueue) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 2, .queue_max = 100, .key_threads_max = 1, .key_queue_max = 3});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(pool->submit(job_of("hangs", [&] { gate.wait(); })));
  EXPECT_EQ(code_of(pool->submit(job_of("hangs", [] {}))), ErrorCode::unavailable);
  std::atomic<bool> done = false;
  ASSERT_TRUE(pool->submit(job_of("other", [&] { done = true; })));
  EXPECT_TRUE(soon([&] { return done.load(); }));
  gate.open();
}

TEST(WorkerPool, KeysTakeTurns) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 1, .key_threads_max = 1});
  std::mutex mutex;
  std::string order;
  const auto note = [&](char letter) {
    return [&, letter] {
      const std::lock_guard lock(mutex);
      order += letter;
    };
  };
  ASSERT_TRUE(pool->submit(job_of("first", [&] { gate.wait(); })));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool->submit(job_of("a", note('a'))));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool->submit(job_of("b", note('b'))));
  gate.open();
  EXPECT_TRUE(soon([&] {
    const std::lock_guard lock(mutex);
    return order.size() == 6;
  }));
  EXPECT_EQ(order, "ababab");
}

TEST(WorkerPool, AJobWhoseCallEndsWhileItWaitsIsDroppedWithItsErrorAlsoBehindOneThatHangs) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 1, .key_threads_max = 1});
  ASSERT_TRUE(pool->submit(job_of("a", [&] { gate.wait(); })));
  std::atomic<int> ran = 0;
  std::atomic<int> cancelled = 0;
  std::atomic<int> late = 0;
  std::stop_source stop;
  CallContext stopped;
  stopped.stop = stop.get_token();
  const auto tell = [&](const Error& error) { ++(error.code == ErrorCode::cancelled ? cancelled : late); };
  ASSERT_TRUE(pool->submit({.key = "a", .context = {}, .work = [&] { ++ran; }, .dropped = tell}));
  ASSERT_TRUE(pool->submit({.key = "a", .context = stopped, .work = [&] { ++ran; }, .dropped = tell}));
  ASSERT_TRUE(pool->submit({.key = "b", .context = CallContext().with_timeout(20ms), .work = [&] { ++ran; }, .dropped = tell}));
  EXPECT_TRUE(soon([&] { return late == 1; }));
  EXPECT_EQ(cancelled, 0);
  stop.request_stop();
  EXPECT_TRUE(soon([&] { return cancelled == 1; }));
  EXPECT_EQ(pool->statistics().waiting, 1U);
  gate.open();
  EXPECT_TRUE(soon([&] { return ran == 1; }));
  EXPECT_TRUE(soon([&] { return pool->statistics().running == 0; }));
  EXPECT_EQ(ran, 1);
}

TEST(WorkerPool, AJobThatThrowsTakesNoThreadWithIt) {
  const auto pool = make_worker_pool({.name = "test", .threads_max = 1, .key_threads_max = 1});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool->submit(job_of("a", [] { throw std::runtime_error("broken"); })));
  std::atomic<bool> done = false;
  ASSERT_TRUE(pool->submit(job_of("a", [&] { done = true; })));
  EXPECT_TRUE(soon([&] { return done.load(); }));
}

TEST(WorkerPool, StopDropsWhatWaitsAndLetsFinishWhatRuns) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 1, .key_threads_max = 1});
  std::atomic<bool> finished = false;
  std::string why;
  ASSERT_TRUE(pool->submit(job_of("a", [&] {
    gate.wait();
    finished = true;
  })));
  ASSERT_TRUE(
      pool->submit({.key = "a", .context = {}, .work = [] { FAIL(); }, .dropped = [&](const Error& error) { why = error.reason; }}));
  ASSERT_TRUE(soon([&] { return gate.waiting() == 1; }));
  std::jthread opener([&] {
    std::this_thread::sleep_for(30ms);
    gate.open();
  });
  pool->stop();
  EXPECT_TRUE(finished);
  EXPECT_EQ(why, "stopping");
  EXPECT_EQ(code_of(pool->submit(job_of("a", [] {}))), ErrorCode::unavailable);
}

TEST(WorkerPool, HoldsUnderManyThreadsKeysAndEnds) {
  std::atomic<int> taken = 0;
  std::atomic<int> ended = 0;
  {
    const auto pool = make_worker_pool({.name = "test", .threads_max = 4, .queue_max = 64, .key_threads_max = 2, .key_queue_max = 16});
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 1'000; ++i) {
          CallContext context;
          if (i % 3 == 0) context = context.with_timeout(1ms);
          const bool submitted = pool->submit({.key = str((i + t) % 5),
                                               .context = context,
                                               .work =
                                                   [&, i] {
                                                     ++ended;
                                                     if (i % 301 == 0) throw std::runtime_error("broken");
                                                   },
                                               .dropped = [&](const Error&) { ++ended; }})
                                     .has_value();
          if (submitted) ++taken;
        }
      });
    }
    threads.clear();
  }
  EXPECT_GT(taken, 0);
  EXPECT_EQ(taken, ended);
}

TEST(RunAll, RunsAllPiecesAlsoWithoutAThreadOfItsOwn) {
  for (const std::size_t threads : {std::size_t{0}, std::size_t{1}, std::size_t{4}}) {
    const auto pool = make_worker_pool({.name = "test", .threads_max = threads, .key_threads_max = threads});
    std::atomic<int> sum = 0;
    ASSERT_TRUE(run_all(*pool, "key", 100, [&](std::size_t i) { sum += static_cast<int>(i); }));
    EXPECT_EQ(sum, 4'950);
  }
}

TEST(RunAll, TheCallerHelpsWhenAllThreadsOfTheKeyHang) {
  Gate gate;
  const auto pool = make_worker_pool({.name = "test", .threads_max = 2, .key_threads_max = 1});
  ASSERT_TRUE(pool->submit(job_of("key", [&] { gate.wait(); })));
  ASSERT_TRUE(soon([&] { return gate.waiting() == 1; }));
  std::atomic<int> pieces = 0;
  ASSERT_TRUE(run_all(*pool, "key", 10, [&](std::size_t) { ++pieces; }));
  EXPECT_EQ(pieces, 10);
  EXPECT_TRUE(soon([&] { return pool->statistics().waiting == 0; }));  // those that would have helped do not stay in the queue
  gate.open();
}

TEST(RunAll, APieceThatThrowsIsAnErrorOnceAllOthersAreDone) {
  const auto pool = make_worker_pool({.name = "test", .threads_max = 2, .key_threads_max = 2});
  std::atomic<int> done = 0;
  const auto outcome = run_all(*pool, "key", 20, [&](std::size_t i) {
    if (i == 3) throw std::runtime_error("broken");
    ++done;
  });
  EXPECT_EQ(code_of(outcome), ErrorCode::internal);
  EXPECT_EQ(done, 19);
}

}  // namespace
}  // namespace bridge
