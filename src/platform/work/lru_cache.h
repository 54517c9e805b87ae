#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace bridge {

struct LruCacheLimits {
  using Duration = std::chrono::steady_clock::duration;

  std::size_t cost_max = std::numeric_limits<std::size_t>::max();  // of all entries together, in the units of the cache's cost function
  std::size_t entries_max = std::numeric_limits<std::size_t>::max();
  Duration time_to_live = Duration::max();  // from when an entry was put
  Duration idle_max = Duration::max();      // from when it was last put or found
};

struct LruCacheStatistics {
  std::size_t entries = 0;
  std::size_t cost = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;  // for room: not those that were erased, replaced or too old
};

// The cost of an entry in a cache that is bounded by its number of entries.
struct NoCost {
  template <class Key, class Value>
  std::size_t operator()(const Key&, const Value&) const {
    return 0;
  }
};

// Values by key. When there is no room, those that were not used for longest go first. Thread-safe; values are handed out as copies (let
// them be cheap), and destroyed outside of the lock.
template <class Key, class Value, class Cost = NoCost>
class LruCache final {
 public:
  using Clock = std::chrono::steady_clock;
  // Keys of text are looked up without making one.
  using Lookup = std::conditional_t<std::is_same_v<Key, std::string>, std::string_view, Key>;

  explicit LruCache(LruCacheLimits limits) : limits_(limits) {}
  LruCache(const LruCache&) = delete;
  LruCache& operator=(const LruCache&) = delete;

  // Nothing when there is none, or none that is young enough. What is found counts as used.
  std::optional<Value> find(const Lookup& key) {
    Entries gone;
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return missed();
    const auto entry = found->second;
    const Clock::time_point now = has_age() || entry->expires_at != kNever ? Clock::now() : Clock::time_point();
    if (is_old(*entry, now)) {
      remove(entry, gone);
      return missed();
    }
    entry->used_at = now;
    entries_.splice(entries_.begin(), entries_, entry);
    ++statistics_.hits;
    return entry->value;
  }

  // Replaces what is there. False, and nothing is there, when the entry alone costs more than the cache may hold.
  bool put(Key key, Value value) { return put(std::move(key), std::move(value), limits_.time_to_live); }
  bool put(Key key, Value value, Clock::duration time_to_live) {
    Entries fresh;
    Entries gone;
    const std::size_t cost = Cost{}(key, value);
    const Clock::time_point now = Clock::now();
    fresh.push_back(
        {.key = std::move(key), .value = std::move(value), .used_at = now, .expires_at = later(now, time_to_live), .cost = cost});
    const Lookup lookup(fresh.front().key);
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(lookup); found != index_.end()) remove(found->second, gone);
    if (cost > limits_.cost_max || limits_.entries_max == 0 || time_to_live <= time_to_live.zero()) return false;
    while (statistics_.cost > limits_.cost_max - cost || entries_.size() >= limits_.entries_max) {
      remove(std::prev(entries_.end()), gone);
      ++statistics_.evictions;
    }
    index_.emplace(lookup, fresh.begin());
    entries_.splice(entries_.begin(), fresh);
    statistics_.cost += cost;
    return true;
  }

  bool erase(const Lookup& key) {
    Entries gone;
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return false;
    remove(found->second, gone);
    return true;
  }

  // Drops every entry for which `unwanted(key, value)` is true, and says how many. It is called under the lock: let it be quick.
  template <class Predicate>
  std::size_t erase_if(const Predicate& unwanted) {
    Entries gone;
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (unwanted(std::as_const(entry->key), std::as_const(entry->value))) remove(entry, gone);
      entry = next;
    }
    return gone.size();
  }

  // Drops what is too old. They are never found anyway: this frees what they hold.
  std::size_t erase_old() {
    Entries gone;
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (is_old(*entry, now)) remove(entry, gone);
      entry = next;
    }
    return gone.size();
  }

  LruCacheStatistics statistics() const {
    const std::lock_guard lock(mutex_);
    LruCacheStatistics out = statistics_;
    out.entries = entries_.size();
    return out;
  }

 private:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  struct Entry {
    Key key;
    Value value;
    Clock::time_point used_at;
    Clock::time_point expires_at;
    std::size_t cost = 0;
  };
  using Entries = std::list<Entry>;  // the one used last comes first

  static Clock::time_point later(Clock::time_point now, Clock::duration time) { return time < kNever - now ? now + time : kNever; }

  bool has_age() const { return limits_.idle_max != Clock::duration::max(); }
  bool is_old(const Entry& entry, Clock::time_point now) const {
    return entry.expires_at <= now || (has_age() && now - entry.used_at >= limits_.idle_max);
  }

  std::nullopt_t missed() {
    ++statistics_.misses;
    return std::nullopt;
  }

  void remove(typename Entries::iterator entry, Entries& gone) {
    statistics_.cost -= entry->cost;
    index_.erase(Lookup(entry->key));
    gone.splice(gone.begin(), entries_, entry);
  }

  const LruCacheLimits limits_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<Lookup, typename Entries::iterator> index_;  // views of text are of the entries' own keys
  LruCacheStatistics statistics_;
};

}  // namespace bridge
