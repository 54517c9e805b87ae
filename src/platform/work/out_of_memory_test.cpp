#include <gtest/gtest.h>

#include <atomic>

#include "base/guarded.h"
#include "base/testing/failing_allocations.h"
#include "base/text.h"
#include "platform/work/lru_cache.h"
#include "platform/work/single_flight.h"
#include "platform/work/worker_pool.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

TEST(OutOfMemory, WhicheverAllocationOfTheCallerFailsAllPiecesOfABatchAreDoneOrNoneIs) {
  const auto pool = make_worker_pool({.name = "test", .threads_max = 2, .key_threads_max = 2});
  for (long nth = 1; nth < 40; ++nth) {
    std::atomic<int> done{0};
    Result<> outcome;
    {
      const FailingAllocations failing(nth);
      outcome = guarded([&] { return run_all(*pool, "key", 20, [&](std::size_t) { ++done; }); });
    }
    EXPECT_EQ(done, outcome ? 20 : 0) << nth;
  }
}

TEST(OutOfMemory, WhicheverAllocationFailsAJobRunsOrIsRefusedAndThePoolGoesOn) {
  const auto pool = make_worker_pool({.name = "test", .threads_max = 1, .key_threads_max = 1});
  for (long nth = 1; nth < 40; ++nth) {
    std::atomic<int> ran{0};
    int taken = 0;
    {
      const FailingAllocations failing(nth);
      for (int i = 0; i < 4; ++i) {
        const Result<> submitted = guarded([&] {
          return pool->submit({.key = "a key that is longer than what a string holds in itself",
                               .context = CallContext().with_timeout(1h),
                               .work = [&ran] { ++ran; },
                               .dropped = {}});
        });
        if (submitted) ++taken;
      }
    }
    for (int i = 0; i < 5'000 && ran < taken; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(ran, taken) << nth;
    EXPECT_GE(taken, 3) << nth;
  }
}

TEST(OutOfMemory, WhicheverAllocationFailsAKeyOfASingleFlightIsLoadedAgain) {
  SingleFlight<std::string> flights({.what = "things"});
  const std::string long_text(100, 'x');
  for (long nth = 1; nth < 20; ++nth) {
    {
      const FailingAllocations failing(nth);
      (void)flights.run({}, long_text, [&]() -> Result<std::string> { return long_text; });
    }
    const auto next = flights.run(CallContext().with_timeout(5s), long_text, [&]() -> Result<std::string> { return long_text; });
    ASSERT_TRUE(next.has_value()) << nth;
  }
}

TEST(OutOfMemory, WhicheverAllocationFailsACacheStaysWhole) {
  LruCache<std::string, std::string> cache({.entries_max = 3});
  for (long nth = 1; nth < 20; ++nth) {
    {
      const FailingAllocations failing(nth);
      (void)guarded([&] { cache.put(std::string(100, 'x'), "1"); });
    }
    cache.put(str(nth), "2");
    EXPECT_EQ(cache.find(str(nth)), "2");
    const std::size_t entries = cache.statistics().entries;
    EXPECT_EQ(cache.erase_if([](const std::string&, const std::string&) { return true; }), entries);
  }
}

}  // namespace
}  // namespace bridge
