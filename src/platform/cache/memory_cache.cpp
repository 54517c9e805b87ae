#include <list>

#include "platform/cache/byte_cache.h"

namespace bridge {
namespace {

// What an entry costs beside its bytes: list and table nodes, the shared string's head.
constexpr std::size_t kEntryOverheadBytes = 160;
// A cache smaller than this is one shard, so that least recently used means it exactly.
constexpr std::size_t kShardedBytesMin = 1 << 20;
constexpr std::size_t kShardsMax = 8;  // at most 8, so that the largest entry, an eighth of the bound, fits into one

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// One part of the cache under a lock of its own: a list in order of use, and a table that points into it.
class Shard {
 public:
  using Clock = std::chrono::steady_clock;

  SharedBytes find(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) {
      ++statistics_.misses;
      return nullptr;
    }
    if (found->second->expires_at <= Clock::now()) {
      erase(found->second);
      ++statistics_.misses;
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    ++statistics_.hits;
    return found->second->bytes;
  }

  void put(std::string_view key, SharedBytes bytes, Clock::time_point expires_at, std::size_t cost, std::size_t bytes_max) {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) erase(found->second);
    while (statistics_.bytes + cost > bytes_max && !entries_.empty()) {
      erase(std::prev(entries_.end()));
      ++statistics_.evictions;
    }
    entries_.push_front({.key = std::string(key), .bytes = std::move(bytes), .expires_at = expires_at, .cost = cost});
    index_.emplace(entries_.front().key, entries_.begin());
    statistics_.bytes += cost;
  }

  void erase_key(std::string_view key) {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) erase(found->second);
  }

  void erase_prefix(std::string_view prefix) {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (entry->key.starts_with(prefix)) erase(entry);
      entry = next;
    }
  }

  void add_to(CacheStatistics& total) const {
    const std::lock_guard lock(mutex_);
    total.entries += entries_.size();
    total.bytes += statistics_.bytes;
    total.hits += statistics_.hits;
    total.misses += statistics_.misses;
    total.evictions += statistics_.evictions;
  }

 private:
  struct Entry {
    std::string key;
    SharedBytes bytes;
    Clock::time_point expires_at;
    std::size_t cost = 0;
  };
  using Entries = std::list<Entry>;

  void erase(Entries::iterator entry) {
    statistics_.bytes -= entry->cost;
    index_.erase(std::string_view(entry->key));
    entries_.erase(entry);
  }

  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator, TextHash, std::equal_to<>> index_;  // the views are of the entries' own keys
  CacheStatistics statistics_;
};

class MemoryCache final : public ByteCache {
 public:
  explicit MemoryCache(std::size_t bytes_max) : bytes_max_(bytes_max), shards_(bytes_max < kShardedBytesMin ? 1 : kShardsMax) {}

  SharedBytes find(std::string_view key) override { return shard_of(key).find(key); }

  void put(std::string_view key, SharedBytes bytes, std::chrono::milliseconds time_to_live) override {
    if (!bytes) return;
    const std::size_t cost = key.size() + bytes->size() + kEntryOverheadBytes;
    if (cost > bytes_max_ / 8 || time_to_live <= time_to_live.zero()) return shard_of(key).erase_key(key);
    constexpr std::chrono::hours longest{24 * 365};
    shard_of(key).put(key, std::move(bytes), Shard::Clock::now() + std::min<std::chrono::milliseconds>(time_to_live, longest), cost,
                      bytes_max_ / shards_.size());
  }

  void erase_prefix(std::string_view prefix) override {
    for (Shard& shard : shards_) shard.erase_prefix(prefix);
  }

  CacheStatistics statistics() const override {
    CacheStatistics total;
    for (const Shard& shard : shards_) shard.add_to(total);
    return total;
  }

 private:
  Shard& shard_of(std::string_view key) { return shards_[TextHash{}(key) % shards_.size()]; }

  std::size_t bytes_max_;
  std::vector<Shard> shards_;
};

}  // namespace

std::shared_ptr<ByteCache> make_memory_cache(std::size_t bytes_max) { return std::make_shared<MemoryCache>(bytes_max); }

}  // namespace bridge
