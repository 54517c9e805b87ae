#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "warehouse/postgres/session.h"

namespace bridge::postgres {

// The connections to one warehouse: at most sessions_max; the next call waits. A connection is cleared and proven to be alive before it is
// lent again. Thread-safe.
class SessionPool final {
 public:
  explicit SessionPool(ConnectionSettings settings) : settings_(std::move(settings)) {}

  // A lent connection; it goes back when this ends.
  class Lease final {
   public:
    Lease(SessionPool& pool, std::unique_ptr<Session> session) : pool_(&pool), session_(std::move(session)) {}
    ~Lease() {
      if (session_) pool_->give_back(std::move(session_));
    }
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Session* operator->() const { return session_.get(); }
    Session& operator*() const { return *session_; }

   private:
    SessionPool* pool_;
    std::unique_ptr<Session> session_;
  };
  // `opening` hears of the steps where a new connection is made.
  Result<Lease> borrow(const CallContext& context, const Opening& opening = {});

  const ConnectionSettings& settings() const { return settings_; }

 private:
  struct Idle {
    std::unique_ptr<Session> session;
    std::chrono::steady_clock::time_point since;
  };

  Result<> take_place(const CallContext& context);
  void give_back(std::unique_ptr<Session> session);
  std::unique_ptr<Session> take_idle();

  const ConnectionSettings settings_;
  std::mutex mutex_;
  std::condition_variable_any returned_;
  std::size_t lent_ = 0;
  std::vector<Idle> idle_;  // the last one that came back is the first that goes
};

}  // namespace bridge::postgres
