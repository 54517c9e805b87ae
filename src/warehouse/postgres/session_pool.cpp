#include "warehouse/postgres/session_pool.h"

#include "base/guarded.h"
#include "warehouse/postgres/limits.h"

namespace bridge::postgres {

Result<> SessionPool::take_place(const CallContext& context) {
  std::unique_lock lock(mutex_);
  while (lent_ >= sessions_max) {
    TRY(context.check());
    returned_.wait_for(lock, context.stop, context.time_left(statement_time_max), [&] { return lent_ < sessions_max; });
  }
  ++lent_;
  return {};
}

std::unique_ptr<Session> SessionPool::take_idle() {
  std::vector<Idle> outdated;  // closed without the lock
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  for (auto it = idle_.begin(); it != idle_.end();) {
    if (now - it->since < session_idle_max && now - it->session->connected_at() < session_age_max) {
      ++it;
    } else {
      outdated.push_back(std::move(*it));
      it = idle_.erase(it);
    }
  }
  if (idle_.empty()) return nullptr;
  std::unique_ptr<Session> session = std::move(idle_.back().session);
  idle_.pop_back();
  return session;
}

void SessionPool::give_back(std::unique_ptr<Session> session) {
  if (!session->is_usable()) session.reset();
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (session) idle_.push_back({.session = std::move(session), .since = std::chrono::steady_clock::now()});
  }
  returned_.notify_one();
}

Result<SessionPool::Lease> SessionPool::borrow(const CallContext& context, const Opening& opening) {
  TRY(take_place(context));
  bool is_taken = false;
  const AtEnd free_place([&] {
    if (is_taken) return;
    {
      const std::lock_guard lock(mutex_);
      --lent_;
    }
    returned_.notify_one();
  });
  for (int tried = 0; tried < dead_sessions_tried_max; ++tried) {
    std::unique_ptr<Session> session = take_idle();
    if (!session) break;
    // What fails here was closed while nobody used it.
    if (!session->is_usable() || !session->make_clean(context)) {
      TRY(context.check());
      continue;
    }
    is_taken = true;
    return Lease(*this, std::move(session));
  }
  std::unique_ptr<Session> session = TRY(Session::connect(context, settings_, opening));
  is_taken = true;
  return Lease(*this, std::move(session));
}

}  // namespace bridge::postgres
