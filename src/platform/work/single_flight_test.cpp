#include "platform/work/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include "base/text.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

TEST(SingleFlight, ManyCallersOfAKeyLoadItOnceAndAllHearOfIt) {
  SingleFlight<std::string> flights({.what = "things"});
  std::atomic<int> loads = 0;
  std::atomic<int> answers = 0;
  {
    std::vector<std::jthread> threads;
    std::latch begin(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        begin.arrive_and_wait();
        const auto value = flights.run({}, "key", [&]() -> Result<std::string> {
          ++loads;
          std::this_thread::sleep_for(100ms);
          return "value";
        });
        if (value && *value == "value") ++answers;
      });
    }
  }
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(answers, 8);
}

TEST(SingleFlight, KeysDoNotWaitForEachOther) {
  SingleFlight<int> flights({.what = "things"});
  std::stop_source end;
  std::latch begun(1);
  std::jthread hangs([&] {
    (void)flights.run({}, "hangs", [&]() -> Result<int> {
      begun.count_down();
      while (!end.stop_requested()) std::this_thread::sleep_for(1ms);
      return 1;
    });
  });
  begun.wait();
  EXPECT_EQ(flights.run({}, "other", []() -> Result<int> { return 2; }), 2);
  end.request_stop();
}

TEST(SingleFlight, WhatTheLoadThrowsIsAnErrorOfAllWhoWaitAndTheNextCallerBeginsAnew) {
  SingleFlight<int> flights({.what = "things"});
  std::atomic<int> errors = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto value = flights.run({}, "key", []() -> Result<int> {
          std::this_thread::sleep_for(50ms);
          throw std::runtime_error("broken");
        });
        if (!value && value.error().code == ErrorCode::internal) ++errors;
      });
    }
  }
  EXPECT_EQ(errors, 4);
  EXPECT_EQ(flights.run({}, "key", []() -> Result<int> { return 7; }), 7);
}

// Begins a load of "key" that hangs until `end`, whatever its own call says.
struct HangingLeader {
  SingleFlight<int>& flights;
  CallContext context;
  std::stop_source end;
  std::latch begun{1};
  std::jthread thread;

  HangingLeader(SingleFlight<int>& all, CallContext of) : flights(all), context(std::move(of)) {
    thread = std::jthread([this] {
      (void)flights.run(context, "key", [&]() -> Result<int> {
        begun.count_down();
        while (!end.stop_requested()) std::this_thread::sleep_for(1ms);
        return 1;
      });
    });
    begun.wait();
  }
  ~HangingLeader() { end.request_stop(); }
};

TEST(SingleFlight, WhoWaitsDoesSoNoLongerThanItsOwnDeadline) {
  SingleFlight<int> flights({.what = "things"});
  const HangingLeader leader(flights, {});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(code_of(flights.run(CallContext().with_timeout(50ms), "key", []() -> Result<int> { return 2; })), ErrorCode::deadline_exceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(SingleFlight, WhoWaitsLeavesWhenItsOwnCallIsStopped) {
  SingleFlight<int> flights({.what = "things"});
  const HangingLeader leader(flights, {});
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  const std::jthread later([&] {
    std::this_thread::sleep_for(30ms);
    stop.request_stop();
  });
  EXPECT_EQ(code_of(flights.run(context, "key", []() -> Result<int> { return 2; })), ErrorCode::cancelled);
}

TEST(SingleFlight, WithoutADeadlineTheWaitHasALimitAllTheSame) {
  SingleFlight<int> flights({.what = "things", .wait_max = 50ms});
  const HangingLeader leader(flights, {});
  EXPECT_EQ(code_of(flights.run({}, "key", []() -> Result<int> { return 2; })), ErrorCode::deadline_exceeded);
}

TEST(SingleFlight, WhenTheCallOfTheLeaderIsStoppedOneOfThoseWhoWaitLeads) {
  SingleFlight<int> flights({.what = "things"});
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  const HangingLeader leader(flights, context);  // and it does not even come back
  std::atomic<int> loads = 0;
  std::atomic<int> answers = 0;
  {
    std::vector<std::jthread> waiting;
    for (int i = 0; i < 4; ++i) {
      waiting.emplace_back([&] {
        const auto value = flights.run({}, "key", [&]() -> Result<int> {
          ++loads;
          std::this_thread::sleep_for(100ms);
          return 2;
        });
        if (value == 2) ++answers;
      });
    }
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  }
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(answers, 4);
}

TEST(SingleFlight, WhenTheDeadlineOfTheLeaderHasPassedOneOfThoseWhoWaitLeads) {
  SingleFlight<int> flights({.what = "things"});
  const HangingLeader leader(flights, CallContext().with_timeout(60ms));
  EXPECT_EQ(flights.run(CallContext().with_timeout(10s), "key", []() -> Result<int> { return 2; }), 2);
}

TEST(SingleFlight, ALoadThatTookTooLongByItselfIsNotRepeatedByEachWhoWaits) {
  SingleFlight<int> flights({.what = "things"});
  std::atomic<int> loads = 0;
  std::latch begin(4);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        begin.arrive_and_wait();
        const auto value = flights.run(CallContext().with_timeout(10s), "key", [&]() -> Result<int> {
          ++loads;
          std::this_thread::sleep_for(100ms);
          return fail(ErrorCode::deadline_exceeded, "the engine's own limit");
        });
        EXPECT_EQ(code_of(value), ErrorCode::deadline_exceeded);
      });
    }
  }
  EXPECT_EQ(loads, 1);
}

TEST(SingleFlight, RefusesOneKeyTooMany) {
  SingleFlight<int> flights({.what = "things", .keys_max = 1});
  const HangingLeader leader(flights, {});
  const auto refused = flights.run({}, "other", []() -> Result<int> { return 2; });
  EXPECT_EQ(code_of(refused), ErrorCode::unavailable);
  EXPECT_EQ(refused.error().message, "Too many different things are running: try again in a second");
}

TEST(SingleFlight, HoldsUnderManyThreadsKeysAndStops) {
  SingleFlight<int> flights({.what = "things"});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&flights, t] {
      for (int i = 0; i < 300; ++i) {
        std::stop_source stop;
        CallContext context = CallContext().with_timeout(10s);
        context.stop = stop.get_token();
        std::jthread stopper;
        if (i % 20 == t) stopper = std::jthread([&stop] { stop.request_stop(); });
        const int key = i % 3;
        const auto value = flights.run(context, str(key), [&]() -> Result<int> {
          if (i % 7 == 0) throw std::runtime_error("broken");
          TRY(context.check());
          return key;
        });
        EXPECT_EQ(value.value_or(key), key);
      }
    });
  }
}

}  // namespace
}  // namespace bridge
