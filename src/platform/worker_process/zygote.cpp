#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>

#include "base/guarded.h"
#include "base/text.h"
#include "platform/worker_process/channel.h"
#include "platform/worker_process/limits.h"
#include "platform/worker_process/messages.h"
#include "platform/worker_process/worker_launcher.h"
#include "platform/worker_process/worker_main.h"
#include "platform/worker_process/worker_program.h"

namespace bridge {

namespace {

using namespace worker_process;

// One thread, no secrets: forks workers when the server asks for them, and tells how they ended. Ends with the server.
class Zygote final {
 public:
  explicit Zygote(std::span<const WorkerProgram> programs)
      : channel_(FileDescriptor(kZygoteDescriptor)), programs_(programs.begin(), programs.end()) {
    programs_.push_back({.name = std::string(kIdleProgram), .prepare = {}, .start = [](const std::string&) -> Result<AnswerCall> {
                           return [](const CallContext&, std::string_view, Reply&) {
                             return Result<>(fail(ErrorCode::unsupported, "This worker does nothing"));
                           };
                         }});
  }

  [[noreturn]] void serve() {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::close_range(kZygoteDescriptor + 1, ~0U, 0) != 0) ::_exit(EXIT_FAILURE);
    ::fcntl(kZygoteDescriptor, F_SETFD, FD_CLOEXEC);
    ::prctl(PR_SET_NAME, "bridge-zygote");
    channel_.take_descriptors();
    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child_ended, nullptr);
    ends_ = FileDescriptor(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!ends_) ::_exit(EXIT_FAILURE);
    Frame frame;
    while (true) {
      const auto received = channel_.receive(frame, {.wake = ends_.get()});
      if (!received && received.error().code == ErrorCode::cancelled) {
        reap();
      } else if (!received) {
        ::_exit(EXIT_SUCCESS);  // its workers end with it
      } else if (frame.kind == kind_of(Message::launch)) {
        if (auto launch = from_wire<Launch>(frame.body)) launch_worker(*launch, std::move(frame.descriptor));
      }
    }
  }

 private:
  Result<> prepare(const WorkerProgram& program) {
    const auto [entry, is_new] = prepared_.try_emplace(program.name);
    if (is_new && program.prepare) entry->second = guarded(program.prepare);
    return entry->second;
  }

  void launch_worker(const Launch& launch, FileDescriptor control) {
    Launched launched{.id = launch.id};
    FileDescriptor process;
    const auto program = std::ranges::find(programs_, launch.program, &WorkerProgram::name);
    if (program == programs_.end()) {
      launched.failure = str("there is no program '", launch.program, "'");
    } else if (const auto ready = prepare(*program); !ready) {
      launched.failure = str(ready.error().message, " ", ready.error().detail);
    } else {
      const pid_t zygote = ::getpid();
      const pid_t child = ::fork();
      if (child == 0) be_worker(zygote, *program, launch.sandbox, std::move(control));
      // The number is this worker's until it is reaped, which is not before the next frame.
      if (child > 0) process = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
      if (!process) {
        launched.failure = str(child < 0 ? "fork: " : "pidfd_open: ", std::strerror(errno));
        if (child > 0) ::kill(child, SIGKILL);
      }
      launched.pid = child;
    }
    tell(Message::launched, to_wire(launched), process.get());
  }

  [[noreturn]] static void be_worker(pid_t zygote, const WorkerProgram& program, const SandboxOptions& sandbox, FileDescriptor control) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != zygote) ::_exit(EXIT_FAILURE);
    ::prctl(PR_SET_NAME, "bridge-worker");
    prefer_to_the_server_when_memory_runs_out();
    run_worker(Channel(std::move(control)), program, sandbox);
  }

  // Of a machine without memory the kernel ends a worker before anything else.
  static void prefer_to_the_server_when_memory_runs_out() {
    constexpr std::string_view score = "900";
    const FileDescriptor file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (file && ::write(file.get(), score.data(), score.size()) < 0) return;  // then the kernel chooses by size alone
  }

  void reap() {
    std::array<signalfd_siginfo, 16> infos;
    while (::read(ends_.get(), infos.data(), sizeof infos) > 0) {
    }
    int status = 0;
    for (pid_t child = ::waitpid(-1, &status, WNOHANG); child > 0; child = ::waitpid(-1, &status, WNOHANG))
      tell(Message::ended, to_wire(Ended{.pid = child, .status = status}));
  }

  void tell(Message message, const std::string& body, int descriptor = -1) {
    if (!channel_.send(kind_of(message), body, {}, descriptor)) ::_exit(EXIT_SUCCESS);
  }

  Channel channel_;
  FileDescriptor ends_;
  std::vector<WorkerProgram> programs_;
  std::map<std::string, Result<>> prepared_;
};

}  // namespace

void serve_if_zygote(int argc, char** argv, std::span<const WorkerProgram> programs) {
  if (argc == 2 && std::string_view(argv[1]) == kZygoteArgument) Zygote(programs).serve();
}

}  // namespace bridge
