#include "features/chat/turn_log.h"

#include "base/guarded.h"
#include "base/text.h"
#include "features/chat/limits.h"

namespace bridge {

using SteadyClock = CallContext::Clock;

std::string TurnLog::id_of(std::int64_t number) const { return str(turn_, ":", number); }

std::string TurnLog::last_id() const {
  const std::lock_guard lock(mutex_);
  return id_of(last_number_);
}

std::int64_t TurnLog::append(std::string_view name, std::string_view data) {
  const std::lock_guard lock(mutex_);
  events_.push_back({.number = last_number_ + 1, .name = std::string(name), .data = std::string(data)});
  ++last_number_;
  bytes_ += name.size() + data.size();
  while (bytes_ > chat_limits::kTurnEventBytesMax && events_.size() > 1) {
    bytes_ -= events_.front().name.size() + events_.front().data.size();
    events_.pop_front();
  }
  changed_.notify_all();
  return last_number_;
}

void TurnLog::finish() {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

bool TurnLog::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

Result<> TurnLog::replay(const CallContext& context, std::int64_t after, EventSink& sink) {
  std::unique_lock lock(mutex_);
  if (readers_ >= static_cast<int>(chat_limits::kResumesAtOnceMax))
    return fail(ErrorCode::resource_exhausted, "too_many_readers", "This answer is being read too often at the same time");
  ++readers_;
  const AtEnd leave([&] {
    if (!lock.owns_lock()) lock.lock();
    if (--readers_ == 0) alone_since_ = SteadyClock::now();
  });
  alone_since_.reset();
  Result<> outcome;
  for (;;) {
    changed_.wait(lock, context.stop, [&] { return finished_ || last_number_ > after; });
    if (outcome = context.check(); !outcome) break;
    if (last_number_ <= after) break;  // finished, and all of it sent
    if (events_.front().number > after + 1) {
      outcome =
          fail(ErrorCode::failed_precondition, "resume_gone", "The events you have missed are no longer kept; read the messages instead");
      break;
    }
    const LoggedEvent event = events_[static_cast<std::size_t>(after + 1 - events_.front().number)];
    lock.unlock();
    outcome = sink.send(event.name, event.data, id_of(event.number));
    lock.lock();
    if (!outcome) break;
    after = event.number;
  }
  return outcome;
}

bool TurnLog::wait_until_finished(std::chrono::milliseconds time_max) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time_max, [&] { return finished_; });
}

void TurnLog::client_gone() {
  if (!resumable_) return request_stop();
  const std::lock_guard lock(mutex_);
  client_left_ = true;
  if (readers_ == 0) alone_since_ = SteadyClock::now();
}

void TurnLog::stop_if_forgotten(SteadyClock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!finished_ && alone_since_ && readers_ == 0 && now - *alone_since_ > chat_limits::kGraceTime) stop_.request_stop();
}

bool TurnLog::goes_on_alone() const {
  const std::lock_guard lock(mutex_);
  return client_left_ && !finished_;
}

std::size_t TurnLog::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::unexpected<Error> session_in_use() {
  return fail(Error{.code = ErrorCode::failed_precondition,
                    .message = "An answer in this conversation is still under way: wait for its end, or stop it first",
                    .reason = "session_in_use"});
}

TurnLogs::TurnLogs(std::function<Result<>(const Caller&)> check_caller)
    : check_caller_(std::move(check_caller)),
      watcher_(start_periodic_task({.name = "turns without a client", .interval = chat_limits::kGraceCheckEvery},
                                   [this](const std::stop_token&) { return look(); })) {}

Result<std::shared_ptr<TurnLog>> TurnLogs::begin(const SessionId& session, int turn, std::string question, bool resumable, Caller caller) {
  const std::lock_guard lock(mutex_);
  if (const auto found = logs_.find(session); found != logs_.end() && !found->second.place) return session_in_use();
  Entry fresh{.log = std::make_shared<TurnLog>(turn, std::move(question), resumable && !shut_down_, std::move(caller)), .seat = {session}};
  Entry& entry = logs_[session];
  if (entry.place) {
    finished_bytes_ -= entry.log->bytes();
    finished_.erase(*entry.place);
  }
  entry = std::move(fresh);
  // Only the first one wakes the watcher; later it looks at all of them in its own time.
  if (logs_.size() == finished_.size() + 1) watcher_->run_now();
  return entry.log;
}

void TurnLogs::end(const SessionId& session, const std::shared_ptr<TurnLog>& log) {
  const std::lock_guard lock(mutex_);
  log->finish();
  const auto ended = logs_.find(session);
  if (ended == logs_.end() || ended->second.log != log || ended->second.place) return;
  finished_.splice(finished_.end(), ended->second.seat);
  ended->second.place = std::prev(finished_.end());
  finished_bytes_ += log->bytes();
  while (!finished_.empty() && (finished_.size() > chat_limits::kFinishedTurnsMax || finished_bytes_ > chat_limits::kFinishedBytesMax)) {
    const auto oldest = logs_.find(finished_.front());
    finished_bytes_ -= oldest->second.log->bytes();
    logs_.erase(oldest);
    finished_.pop_front();
  }
}

std::shared_ptr<TurnLog> TurnLogs::find(const SessionId& session) const {
  const std::lock_guard lock(mutex_);
  const auto found = logs_.find(session);
  return found == logs_.end() ? nullptr : found->second.log;
}

void TurnLogs::shut_down() {
  const std::lock_guard lock(mutex_);
  shut_down_ = true;
  for (const auto& [session, entry] : logs_) entry.log->request_stop();
}

void TurnLogs::check_callers(const std::vector<std::shared_ptr<TurnLog>>& alone) const {
  for (const auto& log : alone) {
    if (check_caller_ && !check_caller_(log->caller())) log->request_stop();
  }
}

NextRun TurnLogs::look() {
  std::vector<std::shared_ptr<TurnLog>> alone;
  {
    const std::lock_guard lock(mutex_);
    if (logs_.size() == finished_.size()) return NextRun::when_asked;  // with nothing under way there is nothing to look after
    for (const auto& [session, entry] : logs_) {
      entry.log->stop_if_forgotten(SteadyClock::now());
      if (entry.log->goes_on_alone()) alone.push_back(entry.log);
    }
  }
  check_callers(alone);
  return NextRun::after_interval;
}

}  // namespace bridge
