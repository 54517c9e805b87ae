#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"

namespace bridge {

// Values by key, each used again until it is old, and made once however many ask at the same time. Failures are not kept. Thread-safe,
// bounded: the one unused longest goes first.
template <class T>
class FreshValues {
 public:
  using Clock = std::chrono::steady_clock;

  FreshValues(std::chrono::milliseconds age_max, std::size_t count_max) : age_max_(age_max), count_max_(count_max) {}

  template <class Make>
  Result<std::shared_ptr<const T>> get(const std::string& key, const Make& make) {
    const std::shared_ptr<Entry> entry = entry_of(key);
    const std::lock_guard lock(entry->making);
    if (entry->value && Clock::now() - entry->made_at < age_max_) return entry->value;
    entry->value = nullptr;
    entry->value = std::make_shared<const T>(TRY(make()));
    entry->made_at = Clock::now();
    return entry->value;
  }

  void erase_prefix(std::string_view prefix) {
    const std::lock_guard lock(mutex_);
    for (auto item = entries_.lower_bound(prefix); item != entries_.end() && item->first.starts_with(prefix);) item = entries_.erase(item);
  }

 private:
  struct Entry {
    std::mutex making;
    std::shared_ptr<const T> value;  // guarded by `making`, as is made_at
    Clock::time_point made_at;
    Clock::time_point used_at;  // guarded by mutex_
  };

  std::shared_ptr<Entry> entry_of(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (!entries_.contains(key) && entries_.size() >= count_max_) {
      entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& item) { return item.second->used_at; }));
    }
    std::shared_ptr<Entry>& entry = entries_[key];
    if (!entry) entry = std::make_shared<Entry>();
    entry->used_at = Clock::now();
    return entry;
  }

  const std::chrono::milliseconds age_max_;
  const std::size_t count_max_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;
};

}  // namespace bridge
