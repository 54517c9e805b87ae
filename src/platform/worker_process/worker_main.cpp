#include "platform/worker_process/worker_main.h"

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <mutex>
#include <new>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "platform/worker_process/limits.h"
#include "platform/worker_process/messages.h"

namespace bridge::worker_process {

namespace {

// A thread that answers one call after the other, and how it is told to stop.
class Lane final {
 public:
  Lane(Channel channel, const AnswerCall& answer) : channel_(std::move(channel)), answer_(answer) {}

  // Answers calls until the server closes the lane.
  void run() {
    Frame frame;
    while (channel_.receive(frame, {})) {
      CallHeader header;
      WireReader in(frame.body);
      std::string_view request;
      if (frame.kind != kind_of(Message::request) || !in.read_plain(header) || !in.read_bytes(in.left(), request)) return;
      CallContext context;
      context.stop = begin(header.call);
      if (header.deadline_ns >= 0)
        context.deadline = CallContext::Clock::time_point(
            std::chrono::duration_cast<CallContext::Clock::duration>(std::chrono::nanoseconds(header.deadline_ns)));
      std::optional<Error> failure;
      if (auto outcome = guarded([&] { return answer_(context, request, reply_); }); !outcome) failure = std::move(outcome).error();
      if (!channel_.send(kind_of(Message::end), to_wire(failure), {})) return;
    }
  }

  // The call may not have begun yet.
  void cancel(std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    cancelled_ = call;
    if (call == running_) stop_.request_stop();
  }

 private:
  class LaneReply final : public Reply {
   public:
    explicit LaneReply(Channel& channel) : channel_(channel) {}
    Result<> send(std::string_view message) override { return channel_.send(kind_of(Message::part), message, {}); }

   private:
    Channel& channel_;
  };

  std::stop_token begin(std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    running_ = call;
    stop_ = {};
    if (cancelled_ == call) stop_.request_stop();
    return stop_.get_token();
  }

  Channel channel_;
  const AnswerCall& answer_;
  LaneReply reply_{channel_};
  std::mutex mutex_;
  std::stop_source stop_;
  std::uint64_t running_ = 0;
  std::uint64_t cancelled_ = 0;
};

// What the server does too (app/memory_limit): stacks count against the memory in full, and freed memory goes back.
void settle_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, worker_stack_bytes) == 0) pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
#endif
}

// So that the server can tell what a worker died of.
void end_by_cause() {
  try {
    if (const std::exception_ptr cause = std::current_exception()) std::rethrow_exception(cause);
  } catch (const std::bad_alloc&) {
    ::_exit(kOutOfMemoryStatus);
  } catch (...) {
  }
  std::abort();
}

}  // namespace

void run_worker(Channel control, const WorkerProgram& program, const SandboxOptions& sandbox) {
  std::signal(SIGPIPE, SIG_IGN);
  ::setpgid(0, 0);  // so that the server can change the priority of all its threads at once
  std::set_terminate(&end_by_cause);
  settle_memory();
  control.take_descriptors();
  Ready ready{.sandbox = enter_sandbox(sandbox, control.descriptor())};
  Frame frame;
  if (!control.receive(frame, {}) || frame.kind != kind_of(Message::start)) ::_exit(EXIT_FAILURE);
  const auto answer = guarded([&] { return program.start(std::exchange(frame.body, {})); });
  ready.has_started = answer.has_value();
  if (!answer) ready.failure = answer.error();
  std::string body;
  append_wire(body, ready);
  if (!control.send(kind_of(Message::ready), body, {}) || !answer) ::_exit(EXIT_SUCCESS);

  // The server opens no more than it may; their threads end with the process.
  std::vector<std::unique_ptr<Lane>> lanes;
  while (control.receive(frame, {})) {
    if (frame.kind == kind_of(Message::lane) && frame.descriptor) {
      const auto opened = guarded([&] {
        lanes.push_back(std::make_unique<Lane>(Channel(std::move(frame.descriptor)), *answer));
        std::thread([lane = lanes.back().get()] { lane->run(); }).detach();
      });
      if (!opened) ::_exit(kOutOfMemoryStatus);
    } else if (frame.kind == kind_of(Message::cancel)) {
      if (const auto cancel = from_wire<Cancel>(frame.body); cancel && cancel->lane < lanes.size())
        lanes[cancel->lane]->cancel(cancel->call);
    }
  }
  ::_exit(EXIT_SUCCESS);
}

}  // namespace bridge::worker_process
