#include "platform/worker_process/worker_launcher.h"

#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "platform/worker_process/limits.h"
#include "platform/worker_process/messages.h"

namespace bridge {

namespace {

using namespace worker_process;

std::unexpected<Error> not_started(std::string detail) {
  return fail(Error{.code = ErrorCode::unavailable,
                    .message = "No process could be started for the work",
                    .detail = std::move(detail),
                    .reason = "worker_not_started",
                    .retry_after = std::chrono::seconds(1)});
}

constexpr std::string_view kZygoteDied = "the zygote died";

struct Zygote {
  pid_t pid = 0;
  Channel channel;
};

// The same program, with nothing of this one but one end of a channel and standard error.
Result<Zygote> spawn_zygote() {
  auto [mine, theirs] = TRY(Channel::make_pair());
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  if (::posix_spawn_file_actions_init(&files) != 0) return not_started("posix_spawn_file_actions_init");
  const AtEnd destroy_files([&] { ::posix_spawn_file_actions_destroy(&files); });
  if (::posix_spawnattr_init(&attributes) != 0) return not_started("posix_spawnattr_init");
  const AtEnd destroy_attributes([&] { ::posix_spawnattr_destroy(&attributes); });
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  char name[] = "bridge";
  std::string argument = kZygoteArgument;
  char* const arguments[] = {name, argument.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = 0;
  int error = ::posix_spawn_file_actions_adddup2(&files, theirs.descriptor(), kZygoteDescriptor);
  if (error == 0) error = ::posix_spawnattr_setsigmask(&attributes, &none);
  if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes, &all);
  if (error == 0) error = ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  if (error == 0) error = ::posix_spawn(&pid, "/proc/self/exe", &files, &attributes, arguments, environment);
  if (error != 0) return not_started(str("posix_spawn: ", std::strerror(error)));
  mine.take_descriptors();
  return Zygote{.pid = pid, .channel = std::move(mine)};
}

class ZygoteLauncher final : public WorkerLauncher {
 public:
  ZygoteLauncher() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    keeper_ = std::jthread([this](const std::stop_token& stop) { keep_zygote(stop); });
  }
  ~ZygoteLauncher() override {
    keeper_.request_stop();
    const std::uint64_t one = 1;
    if (::write(wake_.get(), &one, sizeof one) < 0) log_warning("zygote_not_woken");
    keeper_.join();
  }

  void warm() override {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
    changed_.notify_all();
  }

  Result<LaunchedWorker> launch(const CallContext& context, const std::string& program, const SandboxOptions& sandbox,
                                std::string_view argument) override {
    warm();
    const CallContext limited = context.with_timeout(worker_start_max);
    auto forked = fork_worker(limited, program, sandbox);
    if (!forked && forked.error().detail == kZygoteDied) forked = fork_worker(limited, program, sandbox);  // by the next one
    if (!forked) return std::unexpected(std::move(forked).error());
    LaunchedWorker worker = std::move(*forked);
    const Patience patience{.until = limited.deadline};
    auto ready = get_ready(worker, argument, patience);
    if (ready && ready->has_started) {
      worker.sandbox = std::move(ready->sandbox);
      return worker;
    }
    ::syscall(SYS_pidfd_send_signal, worker.process.get(), SIGKILL, nullptr, 0);
    TRY(context.check());
    if (ready) return fail(std::move(ready->failure));
    return not_started(str("the worker did not start: ", ready.error().message, " ", ready.error().detail));
  }

  std::optional<int> take_end(pid_t pid, std::chrono::milliseconds wait) override {
    std::unique_lock lock(mutex_);
    std::optional<int> status;
    changed_.wait_for(lock, wait, [&] {
      const auto end = std::ranges::find(ends_, pid, &Ended::pid);
      if (end == ends_.end()) return !alive_.contains(pid);
      status = end->status;
      ends_.erase(end);
      return true;
    });
    return status;
  }

  pid_t zygote() const override {
    const std::lock_guard lock(mutex_);
    return zygote_;
  }

 private:
  struct Started {
    pid_t pid = 0;
    FileDescriptor process;
  };

  Result<LaunchedWorker> fork_worker(const CallContext& context, const std::string& program, const SandboxOptions& sandbox) {
    auto [mine, theirs] = TRY(Channel::make_pair());
    Started started = TRY(ask_zygote(context, program, sandbox, theirs.release()));
    return LaunchedWorker{.pid = started.pid, .process = std::move(started.process), .control = std::move(mine)};
  }

  Result<Started> ask_zygote(const CallContext& context, const std::string& program, const SandboxOptions& sandbox,
                             FileDescriptor control) {
    std::unique_lock lock(mutex_);
    const auto wait = [&](const auto& is_done) { return changed_.wait_until(lock, context.stop, *context.deadline, is_done); };
    if (!wait([&] { return channel_ != nullptr; })) {
      TRY(context.check());
      return not_started("there is no zygote");
    }
    const std::shared_ptr<Channel> channel = channel_;
    const std::uint64_t id = ++last_id_;
    waiting_[id];
    const AtEnd forget([&] {
      if (!lock.owns_lock()) lock.lock();
      waiting_.erase(id);
    });
    const std::string body = to_wire(Launch{.id = id, .program = program, .sandbox = sandbox});
    lock.unlock();
    const auto sent = [&] {
      const std::lock_guard one_sender(send_mutex_);
      return channel->send(kind_of(Message::launch), body, {.until = context.deadline}, control.get());
    }();
    control.close();
    lock.lock();
    if (!sent) {
      if (sent.error().reason != "channel_closed") return not_started(sent.error().message);
      if (channel_ == channel) channel_ = nullptr;  // its keeper has not seen it yet
      return not_started(std::string(kZygoteDied));
    }
    if (!wait([&] { return waiting_[id].has_value(); })) {
      TRY(context.check());
      return not_started("the zygote did not answer");
    }
    return std::move(*waiting_[id]);
  }

  static Result<Ready> get_ready(LaunchedWorker& worker, std::string_view argument, const Patience& patience) {
    TRY(worker.control.send(kind_of(Message::start), argument, patience));
    Frame frame;
    TRY(worker.control.receive(frame, patience));
    WireReader in(frame.body);
    Ready ready;
    if (frame.kind == kind_of(Message::ready) && worker_process::read_wire(in, ready) && in.left() == 0) return ready;
    return fail(ErrorCode::data_loss, "frame_invalid", "What the worker said cannot be read");
  }

  // The zygote ends with the thread that started it (PR_SET_PDEATHSIG is about threads), so that one thread has it from beginning to end.
  void keep_zygote(const std::stop_token& stop) {
    run_rounds(stop, "zygote", [&] {
      if (!wait_until_wanted(stop)) return false;
      auto spawned = spawn_zygote();
      if (spawned) {
        const auto channel = std::make_shared<Channel>(std::move(spawned->channel));
        const AtEnd end([&] { end_zygote(spawned->pid); });
        open(spawned->pid, channel);
        listen(stop, *channel);
      } else {
        log_error("zygote_not_started", {{"detail", spawned.error().detail}});
      }
      if (!stop.stop_requested()) std::this_thread::sleep_for(zygote_restart_pause);
      return !stop.stop_requested();
    });
  }

  bool wait_until_wanted(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [&] { return is_wanted_; });
  }

  void open(pid_t pid, std::shared_ptr<Channel> channel) {
    const std::lock_guard lock(mutex_);
    zygote_ = pid;
    channel_ = std::move(channel);
    changed_.notify_all();
  }

  void listen(const std::stop_token& stop, Channel& channel) {
    Frame frame;
    while (!stop.stop_requested()) {
      if (const auto received = channel.receive(frame, {.wake = wake_.get()}); !received) {
        if (!stop.stop_requested()) log_error("zygote_died", {{"detail", received.error().detail}});
        return;
      }
      if (frame.kind == kind_of(Message::launched)) {
        if (auto launched = from_wire<Launched>(frame.body)) take(*launched, std::move(frame.descriptor));
      } else if (frame.kind == kind_of(Message::ended)) {
        if (const auto ended = from_wire<Ended>(frame.body)) take(*ended);
      }
    }
  }

  void take(const Launched& launched, FileDescriptor process) {
    const std::lock_guard lock(mutex_);
    std::erase_if(ends_, [&](const Ended& end) { return end.pid == launched.pid; });  // of one that had the number before
    const auto asked = waiting_.find(launched.id);
    if (process) alive_.insert(launched.pid);
    if (asked == waiting_.end()) return;  // nobody waits any more: the worker ends because its channel does
    if (process) asked->second = Started{.pid = launched.pid, .process = std::move(process)};
    else asked->second = not_started(launched.failure);
    changed_.notify_all();
  }

  void take(const Ended& ended) {
    const std::lock_guard lock(mutex_);
    alive_.erase(ended.pid);
    if (ends_.size() >= known_ends_max) ends_.pop_front();
    ends_.push_back(ended);
    changed_.notify_all();
  }

  void end_zygote(pid_t pid) {
    ::kill(pid, SIGKILL);  // it holds nothing that would have to be saved, and it is not reaped yet
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    const std::lock_guard lock(mutex_);
    zygote_ = 0;
    channel_ = nullptr;
    alive_.clear();
    for (auto& [id, asked] : waiting_) {
      if (!asked) asked = not_started(std::string(kZygoteDied));
    }
    changed_.notify_all();
  }

  FileDescriptor wake_;
  std::mutex send_mutex_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_wanted_ = false;
  pid_t zygote_ = 0;
  std::shared_ptr<Channel> channel_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, std::optional<Result<Started>>> waiting_;
  std::set<pid_t> alive_;  // as far as the zygote has told
  std::deque<Ended> ends_;
  std::jthread keeper_;  // last, so that it ends before what it uses
};

}  // namespace

std::unique_ptr<WorkerLauncher> make_worker_launcher() { return std::make_unique<ZygoteLauncher>(); }

}  // namespace bridge
