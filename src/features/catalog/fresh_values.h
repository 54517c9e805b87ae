#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/text.h"
#include "platform/work/lru_cache.h"
#include "platform/work/single_flight.h"

namespace bridge {

// Values by key, each used again until it is old, and made once however many ask at the same time. Failures are not kept. Thread-safe,
// bounded: the one unused longest goes first.
template <class T>
class FreshValues {
 public:
  FreshValues(std::chrono::milliseconds age_max, std::size_t count_max)
      : values_({.entries_max = count_max, .time_to_live = age_max}), flights_({.what = "tables", .keys_max = count_max}) {}

  // What `make()`, a Result<T>, gives, or gave lately. Waits for another's no longer than `context` allows.
  template <class Make>
  Result<std::shared_ptr<const T>> get(const CallContext& context, const std::string& key, const Make& make) {
    if (auto known = values_.find(key)) return std::move(*known);
    const std::uint64_t before = erasure_count();
    // Who asks after an erasure does not wait for what was begun before it.
    return flights_.run(context, str(before, "\n", key), [&]() -> Result<std::shared_ptr<const T>> {
      if (auto known = values_.find(key)) return std::move(*known);
      auto value = std::make_shared<const T>(TRY(make()));
      const std::lock_guard lock(erasures_mutex_);
      if (erasures_ == before) values_.put(key, value);
      return value;
    });
  }

  void erase_prefix(std::string_view prefix) {
    const std::lock_guard lock(erasures_mutex_);
    ++erasures_;
    values_.erase_if([&](const std::string& key, const auto&) { return key.starts_with(prefix); });
  }

 private:
  std::uint64_t erasure_count() {
    const std::lock_guard lock(erasures_mutex_);
    return erasures_;
  }

  LruCache<std::string, std::shared_ptr<const T>> values_;
  SingleFlight<std::shared_ptr<const T>> flights_;
  std::mutex erasures_mutex_;  // held while a value is kept or erased, so that none is kept that was begun before an erasure
  std::uint64_t erasures_ = 0;
};

}  // namespace bridge
