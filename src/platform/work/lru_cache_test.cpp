#include "platform/work/lru_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

struct LengthCost {
  std::size_t operator()(const std::string& key, const std::string& value) const { return key.size() + value.size(); }
};

TEST(LruCache, ForgetsTheOneThatWasNotUsedForLongestAndKeepsTheOthers) {
  LruCache<std::string, int> cache({.entries_max = 3});
  for (int i = 0; i < 3; ++i) cache.put(str(i), i);
  EXPECT_EQ(cache.find("0"), 0);
  cache.put("3", 3);
  EXPECT_EQ(cache.find("1"), std::nullopt);
  EXPECT_EQ(cache.find("0"), 0);
  EXPECT_EQ(cache.find("2"), 2);
  EXPECT_EQ(cache.find("3"), 3);
  EXPECT_EQ(cache.statistics().evictions, 1U);
}

TEST(LruCache, HoldsNoMoreThanItsBoundOfBytes) {
  LruCache<std::string, std::string, LengthCost> cache({.cost_max = 100});
  for (int i = 0; i < 50; ++i) {
    cache.put(str("key", i), std::string(20, 'x'));
    EXPECT_LE(cache.statistics().cost, 100U);
  }
  EXPECT_EQ(cache.statistics().entries, 4U);  // of 25 or 24 bytes each
  EXPECT_TRUE(cache.find("key49"));
  EXPECT_FALSE(cache.find("key45"));
}

TEST(LruCache, DoesNotKeepWhatAloneIsOverTheBoundNorWhatWasThereBefore) {
  LruCache<std::string, std::string, LengthCost> cache({.cost_max = 10});
  EXPECT_TRUE(cache.put("a", "small"));
  EXPECT_TRUE(cache.put("b", "x"));
  EXPECT_FALSE(cache.put("a", std::string(100, 'x')));
  EXPECT_FALSE(cache.find("a"));
  EXPECT_TRUE(cache.find("b"));
}

TEST(LruCache, AReplacedEntryIsCountedOnce) {
  LruCache<std::string, std::string, LengthCost> cache({.cost_max = 100});
  for (int i = 0; i < 10; ++i) cache.put("key", std::string(20, 'x'));
  EXPECT_EQ(cache.statistics().cost, 23U);
  EXPECT_EQ(cache.statistics().entries, 1U);
  EXPECT_EQ(cache.statistics().evictions, 0U);
}

TEST(LruCache, ErasesOneAndThoseThatMatch) {
  LruCache<int, int> cache({});
  for (int i = 0; i < 10; ++i) cache.put(i, i * i);
  EXPECT_TRUE(cache.erase(3));
  EXPECT_FALSE(cache.erase(3));
  EXPECT_EQ(cache.erase_if([](int key, int) { return key % 2 == 0; }), 5U);
  EXPECT_EQ(cache.statistics().entries, 4U);
  EXPECT_EQ(cache.find(5), 25);
}

TEST(LruCache, AnEntryIsGoneAfterItsTimeToLiveHoweverOftenItIsFound) {
  LruCache<std::string, int> cache({.time_to_live = 40ms});
  cache.put("short", 1);
  cache.put("long", 2, 1h);
  cache.put("none", 3, 0ms);
  EXPECT_EQ(cache.find("short"), 1);
  EXPECT_FALSE(cache.find("none"));
  std::this_thread::sleep_for(20ms);
  (void)cache.find("short");
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(cache.find("short"));
  EXPECT_EQ(cache.find("long"), 2);
}

TEST(LruCache, AnEntryThatIsUsedOutlivesOneThatIsIdle) {
  LruCache<std::string, std::shared_ptr<int>> cache({.idle_max = 60ms});
  const auto idle = std::make_shared<int>(1);
  cache.put("used", std::make_shared<int>(2));
  cache.put("idle", idle);
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(cache.find("used"));
  }
  EXPECT_EQ(idle.use_count(), 2);
  EXPECT_EQ(cache.erase_old(), 1U);
  EXPECT_EQ(idle.use_count(), 1);
  EXPECT_TRUE(cache.find("used"));
}

// A value whose end asks the cache: it would wait for ever if it ended under the lock.
struct AsksAtItsEnd {
  LruCache<int, std::shared_ptr<AsksAtItsEnd>>* cache;
  ~AsksAtItsEnd() { (void)cache->find(0); }
};
TEST(LruCache, DestroysValuesOutsideOfItsLock) {
  LruCache<int, std::shared_ptr<AsksAtItsEnd>> cache({.entries_max = 1});
  for (int i = 0; i < 3; ++i) cache.put(i, std::make_shared<AsksAtItsEnd>(&cache));
  cache.put(2, std::make_shared<AsksAtItsEnd>(&cache));
  cache.erase(2);
  EXPECT_EQ(cache.statistics().entries, 0U);
}

TEST(LruCache, KeepsItsBoundsUnderManyThreads) {
  LruCache<std::string, std::string, LengthCost> cache({.cost_max = 2'000, .entries_max = 50, .time_to_live = 5ms});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&cache, t] {
        for (int i = 0; i < 2'000; ++i) {
          const std::string key = str((i * (t + 3)) % 97);
          EXPECT_EQ(cache.find(key).value_or(key + "!"), key + "!");
          cache.put(key, key + "!");
          if (i % 50 == 0) cache.erase_if([](const std::string& name, const std::string&) { return name.ends_with('7'); });
          if (i % 70 == 0) cache.erase_old();
        }
      });
    }
  }
  EXPECT_LE(cache.statistics().entries, 50U);
  EXPECT_LE(cache.statistics().cost, 2'000U);
}

}  // namespace
}  // namespace bridge
