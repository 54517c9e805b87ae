#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/call_context.h"
#include "base/guarded.h"

namespace bridge {

struct SingleFlightLimits {
  std::string what;                            // what is loaded, in the plural, for messages: "queries"
  std::size_t keys_max = 16'384;               // that are being loaded at the same time
  std::chrono::milliseconds wait_max{60'000};  // that a caller without a sooner deadline waits for another's load
};

// Loads a value once, however many ask for its key at the same time: the first loads it, the others wait for what comes of that. No lock is
// held meanwhile. Thread-safe.
//
// Who waits does so no longer than their own context allows. When the context of the one that loads has ended, one of those that wait
// begins anew, also while the first has not come back. What the load throws is an error for all of them; the next caller begins anew.
template <class Value>
class SingleFlight final {
 public:
  explicit SingleFlight(SingleFlightLimits limits) : limits_(std::move(limits)) {}
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  // What `load()`, a Result<Value>, gives; a copy for each caller. unavailable when too many keys are being loaded; cancelled or
  // deadline_exceeded when `context` says so first, or the wait took too long.
  template <class Load>
  Result<Value> run(const CallContext& context, const std::string& key, const Load& load) {
    for (;;) {
      TRY(context.check());
      const Place place = TRY(guarded([&] { return join(context, key); }));
      if (place.leads) return lead(context, key, *place.flight, load);
      if (std::optional<Result<Value>> outcome = wait(context, *place.flight)) return std::move(*outcome);
      leave(key, place.flight);
    }
  }

 private:
  struct Flight {
    const std::optional<CallContext::Clock::time_point> leader_deadline;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::optional<Result<Value>> outcome;  // guarded by mutex, as is leader_left
    bool leader_left = false;
  };
  struct Place {
    std::shared_ptr<Flight> flight;
    bool leads = false;  // the first of its key: has to land it
  };

  Result<Place> join(const CallContext& context, const std::string& key) {
    auto fresh = std::make_shared<Flight>(context.deadline);
    const std::lock_guard lock(mutex_);
    if (const auto found = flights_.find(key); found != flights_.end()) return Place{found->second};
    if (flights_.size() >= limits_.keys_max) {
      return fail(Error{.code = ErrorCode::unavailable,
                        .message = "Too many different " + limits_.what + " are running: try again in a second",
                        .retry_after = std::chrono::seconds(1)});
    }
    flights_.emplace(key, fresh);
    return Place{std::move(fresh), true};
  }

  template <class Load>
  Result<Value> lead(const CallContext& context, const std::string& key, Flight& flight, const Load& load) {
    Result<Value> outcome(std::unexpect);
    {
      const std::stop_callback on_stop(context.stop, [&flight] {
        const std::lock_guard lock(flight.mutex);
        flight.leader_left = true;
        flight.changed.notify_all();
      });
      outcome = guarded(load);
    }
    land(context, key, flight, outcome);
    return outcome;
  }

  // The next caller of the key begins anew, and those that wait hear what became of it. Cannot fail: what cannot be copied for want of
  // memory is said to be that.
  void land(const CallContext& context, const std::string& key, Flight& flight, const Result<Value>& outcome) noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = flights_.find(key); found != flights_.end() && found->second.get() == &flight) flights_.erase(found);
    }
    const std::lock_guard lock(flight.mutex);
    // The leader's own end is nobody else's; a load that took too long by itself is.
    flight.leader_left = !outcome && is_end_of_call(outcome.error().code) && !guarded([&] { return context.check(); });
    if (!guarded([&] { flight.outcome.emplace(outcome); })) flight.outcome.emplace(std::unexpect, out_of_memory());
    flight.changed.notify_all();
  }

  // Nothing when the leader has left without an outcome that says something.
  std::optional<Result<Value>> wait(const CallContext& context, Flight& flight) {
    const auto wait_end = *context.with_timeout(limits_.wait_max).deadline;
    std::unique_lock lock(flight.mutex);
    flight.changed.wait_until(lock, context.stop, flight.leader_deadline ? std::min(wait_end, *flight.leader_deadline) : wait_end,
                              [&] { return flight.outcome.has_value() || flight.leader_left; });
    if (flight.outcome && !flight.leader_left) return *flight.outcome;
    if (auto wanted = context.check(); !wanted) return Result<Value>(std::unexpect, std::move(wanted).error());
    if (flight.leader_left || CallContext::Clock::now() < wait_end) return std::nullopt;
    return Result<Value>(fail(ErrorCode::deadline_exceeded, "Another call that loads the same took too long"));
  }

  // Lets the key be loaded anew.
  void leave(const std::string& key, const std::shared_ptr<Flight>& flight) {
    const std::lock_guard lock(mutex_);
    if (const auto found = flights_.find(key); found != flights_.end() && found->second == flight) flights_.erase(found);
  }

  static bool is_end_of_call(ErrorCode code) { return code == ErrorCode::cancelled || code == ErrorCode::deadline_exceeded; }

  const SingleFlightLimits limits_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace bridge
