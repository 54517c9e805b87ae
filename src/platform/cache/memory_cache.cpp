#include <memory>

#include "platform/cache/byte_cache.h"
#include "platform/work/lru_cache.h"

namespace bridge {
namespace {

// What an entry costs beside its bytes: list and table nodes, the shared string's head.
constexpr std::size_t kEntryOverheadBytes = 160;
// A cache smaller than this is one shard, so that least recently used means it exactly.
constexpr std::size_t kShardedBytesMin = 1 << 20;
constexpr std::size_t kShardsMax = 8;  // at most 8, so that the largest entry, an eighth of the bound, fits into one

struct BytesCost {
  std::size_t operator()(const std::string& key, const SharedBytes& bytes) const {
    return key.size() + bytes->size() + kEntryOverheadBytes;
  }
};
// One part of the cache under a lock of its own.
using Shard = LruCache<std::string, SharedBytes, BytesCost>;

class MemoryCache final : public ByteCache {
 public:
  explicit MemoryCache(std::size_t bytes_max) : entry_bytes_max_(bytes_max / 8) {
    const std::size_t count = bytes_max < kShardedBytesMin ? 1 : kShardsMax;
    for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(LruCacheLimits{.cost_max = bytes_max / count}));
  }

  SharedBytes find(std::string_view key) override { return shard_of(key).find(key).value_or(nullptr); }

  void put(std::string_view key, SharedBytes bytes, std::chrono::milliseconds time_to_live) override {
    if (!bytes) return;
    std::string own_key(key);
    Shard& shard = shard_of(key);
    if (BytesCost{}(own_key, bytes) > entry_bytes_max_) {
      shard.erase(key);
      return;
    }
    constexpr std::chrono::hours longest{24 * 365};
    shard.put(std::move(own_key), std::move(bytes), std::min<std::chrono::milliseconds>(time_to_live, longest));
  }

  void erase_prefix(std::string_view prefix) override {
    for (const auto& shard : shards_) shard->erase_if([&](const std::string& key, const SharedBytes&) { return key.starts_with(prefix); });
  }

  CacheStatistics statistics() const override {
    CacheStatistics total;
    for (const auto& shard : shards_) {
      const LruCacheStatistics part = shard->statistics();
      total.entries += part.entries;
      total.bytes += part.cost;
      total.hits += part.hits;
      total.misses += part.misses;
      total.evictions += part.evictions;
    }
    return total;
  }

 private:
  Shard& shard_of(std::string_view key) { return *shards_[std::hash<std::string_view>{}(key) % shards_.size()]; }

  const std::size_t entry_bytes_max_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace

std::shared_ptr<ByteCache> make_memory_cache(std::size_t bytes_max) { return std::make_shared<MemoryCache>(bytes_max); }

}  // namespace bridge
