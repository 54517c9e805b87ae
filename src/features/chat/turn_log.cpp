#include "features/chat/turn_log.h"

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
  bytes_ += name.size() + data.size();
  events_.push_back({.number = ++last_number_, .name = std::string(name), .data = std::string(data)});
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
  if (--readers_ == 0) alone_since_ = SteadyClock::now();
  return outcome;
}

bool TurnLog::wait_until_finished(std::chrono::milliseconds time_max) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time_max, [&] { return finished_; });
}

void TurnLog::client_gone() {
  if (!resumable_) return request_stop();
  const std::lock_guard lock(mutex_);
  if (readers_ == 0) alone_since_ = SteadyClock::now();
}

void TurnLog::stop_if_forgotten(SteadyClock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!finished_ && alone_since_ && readers_ == 0 && now - *alone_since_ > chat_limits::kGraceTime) stop_.request_stop();
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

TurnLogs::TurnLogs() : watcher_([this](const std::stop_token& stop) { watch(stop); }) {}
TurnLogs::~TurnLogs() { watcher_.request_stop(); }

Result<std::shared_ptr<TurnLog>> TurnLogs::begin(const SessionId& session, int turn, std::string question, bool resumable) {
  const std::lock_guard lock(mutex_);
  Entry& entry = logs_[session];
  if (entry.log && !entry.place) return session_in_use();
  if (entry.place) {
    finished_bytes_ -= entry.log->bytes();
    finished_.erase(*entry.place);
  }
  entry = {.log = std::make_shared<TurnLog>(turn, std::move(question), resumable && !shut_down_)};
  // Only the first one wakes the watcher; later it looks at all of them in its own time.
  if (logs_.size() == finished_.size() + 1) changed_.notify_all();
  return entry.log;
}

void TurnLogs::end(const SessionId& session, const std::shared_ptr<TurnLog>& log) {
  const std::lock_guard lock(mutex_);
  log->finish();
  logs_.at(session).place = finished_.insert(finished_.end(), session);
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

void TurnLogs::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    // With nothing under way there is nothing to look after.
    if (logs_.size() == finished_.size()) changed_.wait(lock, stop, [&] { return logs_.size() > finished_.size(); });
    for (const auto& [session, entry] : logs_) entry.log->stop_if_forgotten(SteadyClock::now());
    changed_.wait_for(lock, stop, chat_limits::kGraceCheckEvery, [] { return false; });
  }
}

}  // namespace bridge
