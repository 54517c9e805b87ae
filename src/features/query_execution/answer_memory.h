#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/call_context.h"
#include "platform/cache/byte_cache.h"

namespace bridge {

class AnswerMemory;

// The answers of one request, from the first query to the last byte that is sent.
class AnswerView final {
 public:
  explicit AnswerView(std::shared_ptr<AnswerMemory> memory);
  ~AnswerView();
  AnswerView(const AnswerView&) = delete;
  AnswerView& operator=(const AnswerView&) = delete;

 private:
  friend class AnswerMemory;
  const std::shared_ptr<AnswerMemory> memory_;
  const std::uint64_t number_;  // the smaller the older
  std::uint64_t bytes_ = 0;     // that it has held; guarded by the memory's mutex
};

struct AnswerMemoryLimits {
  std::uint64_t bytes_max = 0;  // of all answers that are being made or sent
  int running_max = 1;          // queries that run at the same time: what they have read is counted when they are done
  std::chrono::milliseconds wait_max{10'000};
};

// Those that fit under what this process may take.
AnswerMemoryLimits answer_memory_limits(std::uint64_t process_bytes_max);

// Bounds the memory of answers. Past half of the bound only the oldest view goes on, so that it comes to its end instead of all failing
// together; the others wait for a while, and give up what they have when it does not suffice for the oldest otherwise. Thread-safe.
class AnswerMemory final {
 public:
  explicit AnswerMemory(AnswerMemoryLimits limits) : limits_(limits) {}

  // Memory that is counted until it goes.
  class Charge final {
   public:
    Charge(AnswerMemory& memory, std::uint64_t bytes) : memory_(&memory), bytes_(bytes) {}
    Charge(Charge&& other) noexcept : memory_(other.memory_), bytes_(std::exchange(other.bytes_, 0)) {}
    Charge& operator=(Charge&&) = delete;
    ~Charge();

   private:
    AnswerMemory* memory_;
    std::uint64_t bytes_;
  };
  // The right to run one query.
  class Turn final {
   public:
    Turn(AnswerMemory& memory, std::map<std::string, int>::iterator connection) : memory_(&memory), connection_(connection) {}
    Turn(Turn&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)), connection_(other.connection_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    AnswerMemory* memory_;
    std::map<std::string, int>::iterator connection_;
  };

  // Waits until a query of this view may run on this connection, which gets another turn only while more of them are free than it has: one
  // that hangs never takes them all. unavailable ("out_of_memory") after a while, or ("connection_busy") when its own queries are why.
  Result<Turn> wait_for_turn(const CallContext& context, const AnswerView& view, const std::string& connection_key);
  // unavailable ("out_of_memory") when it is too much beside what others have, resource_exhausted ("answers_too_large") when there are no
  // others. The oldest view waits for a while instead.
  Result<Charge> charge(const CallContext& context, const AnswerView& view, std::uint64_t bytes);
  // The same bytes, counted for as long as anybody has what is returned.
  Result<SharedBytes> hold(const CallContext& context, std::shared_ptr<AnswerView> view, SharedBytes bytes);

  std::uint64_t bytes_used() const;

 private:
  friend class AnswerView;
  std::uint64_t open();
  void close(std::uint64_t number);
  bool is_oldest(const AnswerView& view) const { return *views_.begin() == view.number_; }
  bool fits(std::uint64_t bytes) const { return bytes_ <= limits_.bytes_max && bytes <= limits_.bytes_max - bytes_; }

  const AnswerMemoryLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t bytes_ = 0;  // guarded by mutex_, as is all below
  int running_ = 0;
  std::map<std::string, int> running_by_connection_;  // that run any
  int starving_ = 0;                                  // queries of the oldest view that wait for room
  std::uint64_t last_number_ = 0;
  std::set<std::uint64_t> views_;
};

}  // namespace bridge
