#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bridge {

// UTC, microseconds.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

// "2026-08-01T10:00:00.000000Z"; the fraction is left out when it is zero.
std::string format_time(Time time);

// RFC 3339 with `Z` or an offset, or a bare date (midnight UTC).
Result<Time> parse_time(std::string_view text);

// Where a service takes the time from, so that a test can hold it still. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

std::shared_ptr<const Clock> make_system_clock();

// A clock that moves only when told to. For tests.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Time start) : now_(start) {}
  Time now() const override { return now_; }
  void advance(std::chrono::microseconds by) { now_ += by; }

 private:
  Time now_;
};

}  // namespace bridge
