#pragma once

#include <expected>
#include <functional>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"

// Where exceptions end. Errors are values everywhere else; what a library, the allocator or the system throws all the same becomes one
// here.

namespace bridge {

// Says that there is no memory, or no thread, for what was asked: unavailable ("out_of_memory"), with when to come again. Allocates nothing
// when there is nothing to be had.
Error out_of_memory() noexcept;

// What is being caught, as an Error: out_of_memory() for memory and threads that are not to be had, else internal with the text in
// `detail`. Only inside a catch block.
Error caught_error() noexcept;

namespace detail {
template <class T>
struct GuardedResult {
  using type = Result<T>;
};
template <class T>
struct GuardedResult<std::expected<T, Error>> {
  using type = Result<T>;
};
}  // namespace detail

// Runs `work`, and turns whatever it throws into an Error. A Result that it returns is passed on, another value becomes one.
template <class Work>
auto guarded(Work&& work) {
  using Value = std::invoke_result_t<Work&>;
  using Outcome = typename detail::GuardedResult<Value>::type;
  try {
    if constexpr (std::is_void_v<Value>) {
      work();
      return Outcome();
    } else {
      return Outcome(work());
    }
  } catch (...) {
    return Outcome(std::unexpect, caught_error());
  }
}

// Calls `work` when it goes out of scope, whichever way. `work` must not throw.
template <class Work>
class AtEnd final {
 public:
  explicit AtEnd(Work work) : work_(std::move(work)) {}
  ~AtEnd() { work_(); }
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;

 private:
  Work work_;
};

// Logs that something which nobody waits for failed. Never throws.
void log_failure(std::string_view event, std::string_view what, const Error& error) noexcept;

namespace detail {
// False when `stop` was requested meanwhile.
bool pause_after_failure(const std::stop_token& stop) noexcept;
}  // namespace detail

// The body of a thread that serves for as long as it is wanted: calls `round` until that returns false. A round that throws is logged, and
// after a pause the next one begins, unless `stop` was requested.
template <class Round>
void run_rounds(const std::stop_token& stop, std::string_view thread, const Round& round) {
  for (;;) {
    const Result<bool> goes_on = guarded(round);
    if (goes_on && !*goes_on) return;
    if (goes_on) continue;
    log_failure("thread_failed", thread, goes_on.error());
    if (!detail::pause_after_failure(stop)) return;
  }
}

// Calls `work` until it does not throw: for the few steps that must be taken, whatever memory there is.
template <class Work>
void insist(std::string_view what, const Work& work) {
  run_rounds({}, what, [&] {
    work();
    return false;
  });
}

}  // namespace bridge
