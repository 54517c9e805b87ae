#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/result.h"
#include "platform/work/lru_cache.h"

// Private to this folder.

namespace bridge::isolated {

// How often one request over the same data may kill its worker before it is not run again.
inline constexpr int request_deaths_max = 2;
inline constexpr std::size_t killed_requests_max = 4'096;
inline constexpr std::chrono::hours killed_for_time_max{1};  // is remembered
inline constexpr int more_time_factor = 2;                   // of the time that it had, and it may try again

// Requests that killed their workers. Who asks, what and over which data make a key; when one of them changes, it is another request. One
// that was killed for time is given another try with more time, and after an hour: a loaded machine may have been at fault. Thread-safe.
class KilledRequests final {
 public:
  bool is_empty() const { return requests_.statistics().entries == 0; }

  // "query_killed", not to be tried again, when it did so as often as it may. `time_left`: what it would have; nothing: any time.
  Result<> check(std::string_view key, std::optional<std::chrono::milliseconds> time_left);
  // A run that ended with "query_killed", and what time it had had.
  void note(const std::string& key, const Error& error, std::optional<std::chrono::milliseconds> time_given);

 private:
  struct Known {
    int deaths = 0;
    Error last;
    std::optional<std::chrono::milliseconds> time_given;
  };
  LruCache<std::string, Known> requests_{{.entries_max = killed_requests_max}};
};

// What is left of a call's time.
std::optional<std::chrono::milliseconds> time_of(const CallContext& context);

std::string killed_request_key(std::string_view who, std::string_view data, std::string_view request);

}  // namespace bridge::isolated
