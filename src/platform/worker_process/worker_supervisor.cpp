#include "platform/worker_process/worker_supervisor.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "platform/work/periodic_task.h"
#include "platform/worker_process/limits.h"
#include "platform/worker_process/messages.h"

namespace bridge {

namespace {

using namespace worker_process;
using Clock = CallContext::Clock;

// ---- what is said of a worker's end --------------------------------------------------------------------------------

enum class Cause : std::uint8_t { time, memory, crash };

std::unexpected<Error> query_killed(Cause cause, std::string detail) {
  struct Words {
    ErrorCode code;
    const char* name;
    const char* message;
  };
  constexpr std::array<Words, 3> words{{
      {ErrorCode::deadline_exceeded, "time",
       "The query was killed: it did not stop at its deadline. Ask for less, or for it in smaller steps"},
      {ErrorCode::resource_exhausted, "memory", "The query was killed: it needs more memory than one may have. Filter or group before it"},
      {ErrorCode::unsupported, "crash",
       "The query was killed: the engine crashed on it. Write it in another way, or leave out the values that it cannot read"},
  }};
  const Words& said = words.at(static_cast<std::size_t>(cause));
  Error error{.code = said.code, .message = said.message, .detail = std::move(detail), .reason = "query_killed", .retryable = false};
  error.violations.push_back({.code = said.name, .message = said.message});
  return fail(std::move(error));
}

std::unexpected<Error> worker_ended() {
  return fail(Error{.code = ErrorCode::unavailable,
                    .message = "The engine was started anew in the middle of this answer: ask again",
                    .reason = "worker_ended",
                    .retry_after = std::chrono::seconds(1)});
}

std::unexpected<Error> overloaded() {
  return fail(Error{.code = ErrorCode::unavailable,
                    .message = "All engines are at work: try again in a moment",
                    .reason = "overloaded",
                    .retry_after = std::chrono::seconds(1)});
}

std::string describe_status(int status) {
  return WIFSIGNALED(status) ? str("signal ", WTERMSIG(status)) : str("exit status ", WEXITSTATUS(status));
}

// Of a worker that this server did not kill.
Cause cause_of(int status) {
  // Nobody else kills workers but the kernel when memory runs out.
  const bool is_memory =
      (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || (WIFEXITED(status) && WEXITSTATUS(status) == kOutOfMemoryStatus);
  return is_memory ? Cause::memory : Cause::crash;
}

// ---- a worker ------------------------------------------------------------------------------------------------------

// How many workers there are and how many have work, of all groups together and of each. Thread-safe.
class Census final {
 public:
  struct Counts {
    std::size_t alive = 0;
    std::size_t busy = 0;
  };

  void add_alive(const std::string& group) { change(group, &Counts::alive, 1); }
  void remove_alive(const std::string& group) { change(group, &Counts::alive, -1); }
  void add_busy(const std::string& group) { change(group, &Counts::busy, 1); }
  void remove_busy(const std::string& group) { change(group, &Counts::busy, -1); }

  Counts all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  Counts of(const std::string& group) const {
    const std::lock_guard lock(mutex_);
    const auto found = groups_.find(group);
    return found == groups_.end() ? Counts{} : found->second;
  }

 private:
  void change(const std::string& group, std::size_t Counts::*count, int by) {
    const std::lock_guard lock(mutex_);
    all_.*count += static_cast<std::size_t>(by);
    Counts& counts = groups_[group];
    counts.*count += static_cast<std::size_t>(by);
    if (counts.alive == 0 && counts.busy == 0) groups_.erase(group);
  }

  mutable std::mutex mutex_;
  Counts all_;
  std::map<std::string, Counts> groups_;
};

// A way to one thread of a worker, for one call at a time.
struct Lane {
  Channel channel;
  std::uint32_t number = 0;
  std::uint64_t calls = 0;
  Frame frame;  // its memory is used again within a call
};

struct Worker {
  Worker(std::string key_, const WorkerSpec& spec, LaunchedWorker process_, std::size_t calls_max, Census& census_)
      : key(std::move(key_)), group(spec.group), version(spec.version), process(std::move(process_)), census(census_) {
    idle_lanes.reserve(calls_max);  // so that giving one back cannot fail
    census.add_alive(group);
  }
  ~Worker() {
    kill();  // it only reads, and has nothing to save
    census.remove_alive(group);
  }

  void kill() const { ::syscall(SYS_pidfd_send_signal, process.process.get(), SIGKILL, nullptr, 0); }

  void begin_call(WorkClass work_class) {
    ++calls_of_class.at(static_cast<std::size_t>(work_class));
    if (calls++ == 0) census.add_busy(group);
  }
  void end_call(WorkClass work_class) {
    --calls_of_class.at(static_cast<std::size_t>(work_class));
    if (--calls == 0) census.remove_busy(group);
  }
  bool has_room(WorkClass work_class, std::size_t calls_max, std::size_t calls_aside_max) const {
    return calls < calls_max &&
           (work_class == WorkClass::interactive || calls_of_class.at(static_cast<std::size_t>(work_class)) < calls_aside_max);
  }

  // All its threads. False where this server may not, as nobody but the superuser may take a lower number again.
  bool set_priority(int nice) const { return ::setpriority(PRIO_PGRP, static_cast<id_t>(process.pid), nice) == 0; }

  const std::string key;
  const std::string group;
  const std::string version;
  LaunchedWorker process;
  Census& census;

  std::mutex control_mutex;  // of what is sent on the control channel
  std::uint32_t lanes = 0;

  // Under the supervisor's mutex.
  std::vector<std::unique_ptr<Lane>> idle_lanes;
  std::size_t calls = 0;
  std::array<std::size_t, kWorkClasses> calls_of_class{};
  std::size_t long_calls = 0;                 // of those, at work for longer than `long_call`
  bool was_killed = false;                    // by this server
  std::optional<std::size_t> calls_at_death;  // once it was seen to be dead
  Clock::time_point used_at;

  // How it ended; asked for once.
  std::mutex end_mutex;
  bool is_end_known = false;
  std::optional<int> status;
};

// Becomes readable when the call is stopped.
class StopSignal final {
 public:
  explicit StopSignal(const std::stop_token& stop) {
    if (!stop.stop_possible()) return;
    event_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    callback_.emplace(stop, Ring{event_.get()});
  }
  int descriptor() const { return event_.get(); }

 private:
  struct Ring {
    int event;
    void operator()() const noexcept {
      const std::uint64_t one = 1;
      (void)!::write(event, &one, sizeof one);  // it cannot be full
    }
  };
  FileDescriptor event_;
  std::optional<std::stop_callback<Ring>> callback_;  // after what it uses
};

// ---- the supervisor ------------------------------------------------------------------------------------------------

class Supervisor final : public WorkerSupervisor {
 public:
  Supervisor(std::shared_ptr<WorkerLauncher> launcher, WorkerLimits limits) : launcher_(std::move(launcher)), limits_(limits) {
    idle_check_ = start_periodic_task({.name = "idle_workers", .interval = std::min(worker_idle_check, limits.idle_max)},
                                      [this](const std::stop_token&) { end_idle_workers(); });
  }

  Result<> call(const CallContext& context, const WorkerSpec& spec, std::string_view request, const TakeMessage& take) override {
    Attempt attempt = try_call(context, spec, {}, request, take);
    if (attempt.again == Again::with_others) attempt = try_call(context, spec, {}, request, take);
    // Its worker ended, and for whose sake is not known: alone it will be.
    if (attempt.again != Again::no) attempt = try_call(context, spec, {.alone = true}, request, take);
    return std::move(attempt.outcome);
  }

  void end(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    if (workers_.erase(key) > 0) has_changed();
  }

  Result<SandboxReport> probe(const CallContext& context) override {
    LaunchedWorker worker = TRY(launcher_->launch(context, std::string(kIdleProgram), {}, {}));
    const Worker ends("", {}, std::move(worker), 0, census_);
    return ends.process.sandbox;
  }

  void warm() override { launcher_->warm(); }

  WorkerStatistics statistics() const override {
    const std::lock_guard lock(mutex_);
    WorkerStatistics statistics{.workers = census_.all().alive};
    for (const auto& [key, worker] : workers_) statistics.calls += worker->calls;
    return statistics;
  }

 private:
  // Whether a call may be made once more: nothing came of its answer, and its end was not its own doing.
  enum class Again : std::uint8_t { no, with_others, alone };
  struct Attempt {
    Result<> outcome;
    Again again = Again::no;
  };
  struct AttemptOptions {
    bool alone = false;
  };

  Attempt try_call(const CallContext& context, const WorkerSpec& spec, AttemptOptions options, std::string_view request,
                   const TakeMessage& take) {
    auto worker = acquire(context, spec, options);
    if (!worker) return {.outcome = std::unexpected(std::move(worker).error())};
    auto lane = take_lane(**worker);
    bool is_lane_whole = false;
    Attempt attempt;
    {
      const AtEnd give_back([&] { release(*worker, context.work_class, lane && is_lane_whole ? std::move(*lane) : nullptr); });
      attempt = lane ? exchange(context, *worker, **lane, request, take, is_lane_whole) : not_asked(**worker);
      if (options.alone) retire(*worker);
    }
    return attempt;
  }

  // ---- getting a worker

  Result<std::shared_ptr<Worker>> acquire(const CallContext& context, const WorkerSpec& spec, AttemptOptions options) {
    const std::string key = options.alone ? str(spec.key, "\nalone") : spec.key;
    const std::size_t calls_max = options.alone ? 1 : limits_.worker_calls_max;
    std::unique_lock lock(mutex_);
    while (true) {
      TRY(context.check());
      const auto found = workers_.find(key);
      if (found != workers_.end() && found->second->version != spec.version) {
        retire_locked(found->second);
        continue;
      }
      if (found != workers_.end() && found->second->has_room(context.work_class, calls_max, limits_.worker_calls_aside_max)) {
        if (found->second->calls == 0 && !has_share(spec.group, context.work_class)) return overloaded();
        found->second->begin_call(context.work_class);
        return found->second;
      }
      if (found == workers_.end() && !starting_.contains(key)) {
        if (!has_share(spec.group, context.work_class)) return overloaded();
        while (census_.all().alive >= limits_.workers_max) {
          if (!end_least_recently_used()) return overloaded();
        }
        return start(lock, context, spec, key);
      }
      wait(lock, context);
    }
  }

  // Whether one more of the group may be at work.
  bool has_share(const std::string& group, WorkClass work_class) const {
    const std::size_t busy = census_.all().busy;
    const std::size_t kept = work_class == WorkClass::interactive ? 0 : std::min(limits_.workers_for_somebody, limits_.workers_max - 1);
    const std::size_t places = limits_.workers_max - kept;
    return busy < places && places - busy > census_.of(group).busy;
  }

  Result<std::shared_ptr<Worker>> start(std::unique_lock<std::mutex>& lock, const CallContext& context, const WorkerSpec& spec,
                                        const std::string& key) {
    starting_.insert(key);
    census_.add_alive(spec.group);  // its place, until the worker itself is there
    census_.add_busy(spec.group);
    const AtEnd others([&] {
      census_.remove_busy(spec.group);
      census_.remove_alive(spec.group);
      if (!lock.owns_lock()) lock.lock();
      starting_.erase(key);
      has_changed();
    });
    lock.unlock();
    LaunchedWorker launched = TRY(launcher_->launch(context, spec.program, spec.sandbox, spec.argument.reveal()));
    const auto worker = std::make_shared<Worker>(key, spec, std::move(launched), limits_.worker_calls_max, census_);
    worker->begin_call(context.work_class);
    lock.lock();
    workers_[key] = worker;
    return worker;
  }

  void wait(std::unique_lock<std::mutex>& lock, const CallContext& context) {
    const std::uint64_t seen = changes_;
    const auto is_changed = [&] { return changes_ != seen; };
    if (context.deadline) changed_.wait_until(lock, context.stop, *context.deadline, is_changed);
    else changed_.wait(lock, context.stop, is_changed);
  }

  void has_changed() {
    ++changes_;
    changed_.notify_all();
  }

  Result<std::unique_ptr<Lane>> take_lane(Worker& worker) {
    auto lane = std::make_unique<Lane>();
    {
      const std::lock_guard lock(mutex_);
      if (!worker.idle_lanes.empty()) {
        lane = std::move(worker.idle_lanes.back());
        worker.idle_lanes.pop_back();
        return lane;
      }
    }
    auto [mine, theirs] = TRY(Channel::make_pair());
    const std::lock_guard lock(worker.control_mutex);
    TRY(worker.process.control.send(kind_of(Message::lane), {}, Patience::of(worker_message_wait), theirs.descriptor()));
    lane->channel = std::move(mine);
    lane->number = worker.lanes++;
    return lane;
  }

  // ---- ending workers

  void release(const std::shared_ptr<Worker>& worker, WorkClass work_class, std::unique_ptr<Lane> lane) {
    if (lane) {  // it may be idle for long
      lane->frame.free_memory();
      lane->channel.free_memory();
    }
    const std::lock_guard lock(mutex_);
    worker->end_call(work_class);
    worker->used_at = Clock::now();
    if (lane) worker->idle_lanes.push_back(std::move(lane));
    has_changed();
  }

  void retire(const std::shared_ptr<Worker>& worker) {
    const std::lock_guard lock(mutex_);
    retire_locked(worker);
  }
  // It ends with its last call.
  void retire_locked(const std::shared_ptr<Worker>& worker) {
    const auto found = workers_.find(worker->key);
    if (found != workers_.end() && found->second == worker) workers_.erase(found);
    has_changed();
  }

  bool end_least_recently_used() {
    auto oldest = workers_.end();
    for (auto at = workers_.begin(); at != workers_.end(); ++at) {
      if (at->second->calls == 0 && (oldest == workers_.end() || at->second->used_at < oldest->second->used_at)) oldest = at;
    }
    if (oldest == workers_.end()) return false;
    workers_.erase(oldest);
    return true;
  }

  void end_idle_workers() {
    std::vector<std::shared_ptr<Worker>> ended;  // outside of the lock
    const std::lock_guard lock(mutex_);
    const auto before = Clock::now() - limits_.idle_max;
    std::erase_if(workers_, [&](const auto& entry) {
      const bool is_idle = entry.second->calls == 0 && entry.second->used_at <= before;
      if (is_idle) ended.push_back(entry.second);
      return is_idle;
    });
  }

  // ---- a call

  // The worker has a call that others have to wait for: those of other workers go first.
  void begin_long_call(Worker& worker) {
    const std::lock_guard lock(mutex_);
    if (worker.long_calls++ == 0) worker.set_priority(worker_priority_of_long_calls);
  }
  void end_long_call(const std::shared_ptr<Worker>& worker) {
    const std::lock_guard lock(mutex_);
    const auto found = workers_.find(worker->key);
    if (--worker->long_calls > 0 || found == workers_.end() || found->second != worker) return;
    if (!worker->set_priority(worker_priority)) retire_locked(worker);  // the next one begins anew
  }

  Attempt exchange(const CallContext& context, const std::shared_ptr<Worker>& worker, Lane& lane, std::string_view request,
                   const TakeMessage& take, bool& is_lane_whole) {
    const StopSignal stop(context.stop);
    const auto long_since = Clock::now() + limits_.long_call;
    bool is_long = false;
    const AtEnd end_long([&] {
      if (is_long) end_long_call(worker);
    });
    Patience patience{.until = context.deadline, .wake = stop.descriptor()};
    CallHeader header{.call = ++lane.calls};
    if (context.deadline)
      header.deadline_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(context.deadline->time_since_epoch()).count();
    std::string body;
    body.reserve(sizeof header + request.size());
    append_plain(body, header);
    body += request;
    if (body.size() > frame_bytes_max) {
      is_lane_whole = true;
      return {.outcome = fail(ErrorCode::payload_too_large, "What is asked is larger than it may be")};
    }
    if (const auto sent = lane.channel.send(kind_of(Message::request), body, patience); !sent)
      return sent.error().reason == "channel_closed" ? not_asked(*worker) : kill(context, *worker, "it takes no request");

    patience.until = context.deadline ? std::min(*context.deadline, long_since) : long_since;
    bool is_delivered = false;
    bool is_ending = false;
    std::optional<Error> refusal;  // the sink's
    const auto begin_ending = [&] {
      is_ending = true;
      patience = Patience::of(limits_.grace);
      // Of its deadline it knows by itself.
      if (refusal || context.stop.stop_requested()) cancel(*worker, {.lane = lane.number, .call = lane.calls});
    };
    while (true) {
      if (const auto received = lane.channel.receive(lane.frame, patience); !received) {
        const Error& why = received.error();
        if (why.reason == "channel_closed") {
          Attempt attempt = died(*worker, is_delivered || is_ending);
          if (refusal) attempt.outcome = fail(std::move(*refusal));
          else if (is_ending) attempt.outcome = context.check();
          return attempt;
        }
        if (why.code == ErrorCode::data_loss) return lied(*worker);
        if (!is_ending && !is_long && context.check()) {
          is_long = true;
          begin_long_call(*worker);
          patience.until = context.deadline;
        } else if (is_ending) {
          Attempt attempt = kill(context, *worker, "it did not stop");
          if (refusal) attempt.outcome = fail(std::move(*refusal));
          return attempt;
        } else {
          begin_ending();
        }
      } else if (lane.frame.kind == kind_of(Message::part)) {
        if (!is_ending && !context.check()) begin_ending();
        if (is_ending) continue;
        is_delivered = true;
        if (auto taken = take(lane.frame.body); !taken) {
          refusal = std::move(taken).error();
          begin_ending();
        }
      } else if (lane.frame.kind == kind_of(Message::end)) {
        auto failure = from_wire<std::optional<Error>>(lane.frame.body);
        if (!failure) return lied(*worker);
        is_lane_whole = true;
        if (refusal) return {.outcome = fail(std::move(*refusal))};
        if (*failure) return {.outcome = fail(std::move(**failure))};
        if (is_ending) return {.outcome = context.check()};  // parts of it may have been left out
        return {};
      } else {
        return lied(*worker);
      }
    }
  }

  void cancel(Worker& worker, const Cancel& call) {
    const std::lock_guard lock(worker.control_mutex);
    // Where it cannot be said, the grace passes and the worker is killed.
    if (const auto sent = worker.process.control.send(kind_of(Message::cancel), to_wire(call), Patience::of(limits_.grace)); !sent)
      log_warning("worker_not_told", {{"pid", str(worker.process.pid)}, {"detail", sent.error().message}});
  }

  // Kills the worker because of this call.
  Attempt kill(const CallContext& context, Worker& worker, std::string_view why) {
    {
      const std::lock_guard lock(mutex_);
      worker.was_killed = true;
      forget(worker);
    }
    worker.kill();
    log_warning("worker_killed", {{"pid", str(worker.process.pid)}, {"why", std::string(why)}});
    if (context.stop.stop_requested()) return {.outcome = fail(ErrorCode::cancelled, "The query was cancelled")};
    return {.outcome = query_killed(Cause::time, str("pid ", worker.process.pid, ": ", why))};
  }

  // The worker says what the program never does: something else speaks for it.
  Attempt lied(Worker& worker) {
    {
      const std::lock_guard lock(mutex_);
      worker.was_killed = true;
      forget(worker);
    }
    worker.kill();
    log_error("worker_lied", {{"pid", str(worker.process.pid)}});
    return {.outcome = query_killed(Cause::crash, str("pid ", worker.process.pid, " said what cannot be read"))};
  }

  // The worker was dead before it was asked.
  Attempt not_asked(Worker& worker) {
    const std::lock_guard lock(mutex_);
    if (!worker.calls_at_death) worker.calls_at_death = 0;
    forget(worker);
    return {.outcome = worker_ended(), .again = Again::with_others};
  }

  // The worker died while it was asked. It was for this call alone when there was no other and the server did not kill it.
  Attempt died(Worker& worker, bool is_delivered) {
    bool was_killed = false;
    std::size_t calls = 0;
    {
      const std::lock_guard lock(mutex_);
      if (!worker.calls_at_death) worker.calls_at_death = worker.calls;
      was_killed = worker.was_killed;
      calls = *worker.calls_at_death;
      forget(worker);
    }
    const std::optional<int> status = end_of(worker);
    if (!was_killed && status) {  // else the zygote died, and all workers with it
      log_warning("worker_died", {{"pid", str(worker.process.pid)}, {"status", describe_status(*status)}, {"calls", str(calls)}});
      if (calls == 1) return {.outcome = query_killed(cause_of(*status), str("pid ", worker.process.pid, ": ", describe_status(*status)))};
    }
    return {.outcome = worker_ended(), .again = is_delivered ? Again::no : Again::alone};
  }

  void forget(Worker& worker) {
    const auto found = workers_.find(worker.key);
    if (found != workers_.end() && found->second.get() == &worker) workers_.erase(found);
    has_changed();
  }

  std::optional<int> end_of(Worker& worker) {
    const std::lock_guard lock(worker.end_mutex);
    if (!worker.is_end_known) {
      worker.is_end_known = true;
      worker.status = launcher_->take_end(worker.process.pid, worker_cause_wait);
    }
    return worker.status;
  }

  const std::shared_ptr<WorkerLauncher> launcher_;
  const WorkerLimits limits_;

  Census census_;  // also of workers that take no more calls, and have some; before whoever is counted in it
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t changes_ = 0;
  std::map<std::string, std::shared_ptr<Worker>> workers_;  // those that take calls
  std::set<std::string> starting_;

  std::unique_ptr<PeriodicTask> idle_check_;  // last, so that it ends before what it uses
};

}  // namespace

std::unique_ptr<WorkerSupervisor> make_worker_supervisor(std::shared_ptr<WorkerLauncher> launcher, WorkerLimits limits) {
  return std::make_unique<Supervisor>(std::move(launcher), limits);
}

}  // namespace bridge
