#include <gtest/gtest.h>

#include "base/text.h"
#include "platform/cache/byte_cache.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

SharedBytes bytes(std::size_t size, char c = 'x') { return std::make_shared<const std::string>(size, c); }

TEST(MemoryCache, GivesBackTheVerySameBytes) {
  const auto cache = make_memory_cache(1 << 20);
  const SharedBytes value = bytes(100);
  cache->put("a", value, 1h);
  EXPECT_EQ(cache->find("a"), value);
  EXPECT_EQ(cache->find("b"), nullptr);
  EXPECT_EQ(cache->statistics().hits, 1u);
  EXPECT_EQ(cache->statistics().misses, 1u);
}

TEST(MemoryCache, ForgetsWhatIsOld) {
  const auto cache = make_memory_cache(1 << 20);
  cache->put("a", bytes(1), 5ms);
  cache->put("b", bytes(1), 0ms);
  std::this_thread::sleep_for(10ms);
  EXPECT_EQ(cache->find("a"), nullptr);
  EXPECT_EQ(cache->find("b"), nullptr);
  EXPECT_EQ(cache->statistics().entries, 0u);
}

TEST(MemoryCache, LetsTheLeastRecentlyUsedGoFirst) {
  const auto cache = make_memory_cache(10'000);
  for (int i = 0; i < 9; ++i) cache->put(str(i), bytes(900), 1h);
  ASSERT_NE(cache->find("0"), nullptr);
  cache->put("new", bytes(900), 1h);
  EXPECT_NE(cache->find("0"), nullptr);
  EXPECT_EQ(cache->find("1"), nullptr);
  EXPECT_EQ(cache->statistics().evictions, 1u);
}

TEST(MemoryCache, StaysUnderItsBoundAndKeepsNoGiant) {
  const auto cache = make_memory_cache(8 << 20);
  for (int i = 0; i < 5'000; ++i) cache->put(str(i), bytes(10'000), 1h);
  EXPECT_LE(cache->statistics().bytes, 8u << 20);
  EXPECT_GT(cache->statistics().bytes, 4u << 20);
  cache->put("giant", bytes(2 << 20), 1h);
  EXPECT_EQ(cache->find("giant"), nullptr);
  cache->put("large", bytes(900'000), 1h);
  EXPECT_NE(cache->find("large"), nullptr);
  cache->put("large", bytes(2 << 20), 1h);
  EXPECT_EQ(cache->find("large"), nullptr);  // the old bytes must not outlive the new ones
}

TEST(MemoryCache, ErasesByPrefix) {
  const auto cache = make_memory_cache(8 << 20);
  for (int i = 0; i < 100; ++i) {
    cache->put(str("dash:a:", i), bytes(10), 1h);
    cache->put(str("dash:ab:", i), bytes(10), 1h);
  }
  cache->erase_prefix("dash:a:");
  EXPECT_EQ(cache->statistics().entries, 100u);
  EXPECT_EQ(cache->find("dash:a:1"), nullptr);
  EXPECT_NE(cache->find("dash:ab:1"), nullptr);
}

TEST(MemoryCache, IsSharedByManyThreads) {
  const auto cache = make_memory_cache(2 << 20);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const std::string key = str(i % 300);
        if (const auto found = cache->find(key)) EXPECT_EQ(*found, std::string(2'000, static_cast<char>('a' + i % 300 % 26)));
        else cache->put(key, bytes(2'000, static_cast<char>('a' + i % 300 % 26)), 1h);
        if (i % 1'000 == 0) cache->erase_prefix("1");
      }
    });
  }
  threads.clear();
  EXPECT_LE(cache->statistics().bytes, 2u << 20);
}

}  // namespace
}  // namespace bridge
