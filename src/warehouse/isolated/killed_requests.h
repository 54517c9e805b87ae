#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/work/lru_cache.h"

// Private to this folder.

namespace bridge::isolated {

// How often one request over the same data may kill its worker before it is not run again.
inline constexpr int request_deaths_max = 2;
inline constexpr std::size_t killed_requests_max = 4'096;

// Requests that killed their workers. Who asks, what and over which data make a key; when one of them changes, it is another request.
// Thread-safe.
class KilledRequests final {
 public:
  bool is_empty() const { return requests_.statistics().entries == 0; }

  // "query_killed", not to be tried again, when it did so as often as it may.
  Result<> check(std::string_view key);
  // A run that ended with "query_killed".
  void note(const std::string& key, const Error& error);

 private:
  struct Known {
    int deaths = 0;
    Error last;
  };
  LruCache<std::string, Known> requests_{{.entries_max = killed_requests_max}};
};

std::string killed_request_key(std::string_view who, std::string_view data, std::string_view request);

}  // namespace bridge::isolated
