#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/shared_bytes.h"

namespace bridge {

struct CacheStatistics {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
};

// Immutable bytes by key, bounded by bytes, each gone after its time to live. A loss is never an error. Thread-safe.
class ByteCache {
 public:
  virtual ~ByteCache() = default;
  virtual SharedBytes find(std::string_view key) = 0;  // null when missing or expired
  virtual void put(std::string_view key, SharedBytes bytes, std::chrono::milliseconds time_to_live) = 0;
  virtual void erase_prefix(std::string_view prefix) = 0;
  virtual CacheStatistics statistics() const = 0;
};

// Least recently used go first. An entry larger than an eighth of the bound is not kept.
std::shared_ptr<ByteCache> make_memory_cache(std::size_t bytes_max);

}  // namespace bridge
