#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/call_context.h"
#include "platform/http/message.h"
#include "platform/work/periodic_task.h"

namespace bridge {

// One event of a turn; `number` counts from 1.
struct LoggedEvent {
  std::int64_t number = 0;
  std::string name;
  std::string data;
};

// The events of one turn: written by the thread that runs it, read by any client that lost its connection. Thread-safe.
class TurnLog final {
 public:
  TurnLog(int turn, std::string question, bool resumable, Caller caller = {})
      : turn_(turn), question_(std::move(question)), resumable_(resumable), caller_(std::move(caller)) {}

  int turn() const { return turn_; }
  const std::string& question() const { return question_; }
  const Caller& caller() const { return caller_; }  // who began it
  std::string id_of(std::int64_t number) const;
  std::string last_id() const;

  // Returns the event's number.
  std::int64_t append(std::string_view name, std::string_view data);
  void finish();
  bool finished() const;

  // Sends everything behind `after`, and what comes, until the turn has ended. failed_precondition ("resume_gone") when the events behind
  // `after` are no longer all there; cancelled when the client has gone.
  Result<> replay(const CallContext& context, std::int64_t after, EventSink& sink);

  // Whether the turn's work should stop.
  std::stop_token stop_token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }
  bool wait_until_finished(std::chrono::milliseconds time_max);

  // The client that began the turn has gone. It stops at once, unless it was asked to be waited for.
  void client_gone();
  // Stops a turn that nobody came back to.
  void stop_if_forgotten(CallContext::Clock::time_point now);
  // Whether it goes on without the client that began it.
  bool goes_on_alone() const;

  std::size_t bytes() const;

 private:
  const int turn_;
  const std::string question_;
  const bool resumable_;
  const Caller caller_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<LoggedEvent> events_;
  std::int64_t last_number_ = 0;
  std::size_t bytes_ = 0;
  int readers_ = 0;
  bool finished_ = false;
  bool client_left_ = false;
  std::optional<CallContext::Clock::time_point> alone_since_;
  std::stop_source stop_;
};

std::unexpected<Error> session_in_use();

// The turns under way and those that ended lately, one a session. Thread-safe.
class TurnLogs final {
 public:
  // An error of `check_caller` ends a turn that goes on without its client: whoever began it may no longer ask. May be empty.
  explicit TurnLogs(std::function<Result<>(const Caller&)> check_caller = {});

  // failed_precondition ("session_in_use") while another turn of the session is under way.
  Result<std::shared_ptr<TurnLog>> begin(const SessionId& session, int turn, std::string question, bool resumable, Caller caller = {});
  void end(const SessionId& session, const std::shared_ptr<TurnLog>& log);
  std::shared_ptr<TurnLog> find(const SessionId& session) const;  // null when there is none

  // From now on nobody is waited for.
  void shut_down();

 private:
  NextRun look();
  void check_callers(const std::vector<std::shared_ptr<TurnLog>>& alone) const;

  const std::function<Result<>(const Caller&)> check_caller_;
  mutable std::mutex mutex_;
  struct Entry {
    std::shared_ptr<TurnLog> log;
    std::list<SessionId> seat;                            // its node of finished_, so that no turn needs memory to end
    std::optional<std::list<SessionId>::iterator> place;  // in finished_, once it has ended
  };

  std::unordered_map<SessionId, Entry> logs_;
  std::list<SessionId> finished_;  // oldest first
  std::size_t finished_bytes_ = 0;
  bool shut_down_ = false;
  const std::unique_ptr<PeriodicTask> watcher_;  // last: it uses all of the above
};

}  // namespace bridge
