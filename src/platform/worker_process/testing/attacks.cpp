#include "platform/worker_process/testing/attacks.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <thread>

#include "base/text.h"
#include "platform/worker_process/file_descriptor.h"

extern char** environ;

namespace bridge {

namespace {

// "ok" when it worked, else what was in its way.
std::string outcome(bool is_done) { return is_done ? "ok" : ::strerrorname_np(errno); }

std::string connect_to(int port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return outcome(socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

std::string execute_file(const std::string& file) {
  char* const arguments[] = {const_cast<char*>(file.c_str()), nullptr};
  ::execve(file.c_str(), arguments, environ);
  return outcome(false);
}

std::string fork_process() {
  const pid_t child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return outcome(child > 0);
}

std::string map(std::size_t mib, int flags) {
  const std::size_t bytes = mib << 20;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return outcome(false);
  ::munmap(memory, bytes);
  return "ok";
}

std::string execute_memory() {
  void* const memory = ::mmap(nullptr, 4'096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return outcome(::mprotect(memory, 4'096, PROT_READ | PROT_EXEC) == 0);
}

std::string pass_descriptor() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return outcome(false);
  const FileDescriptor one(ends[0]);
  const FileDescriptor other(ends[1]);
  msghdr message{};
  return outcome(::sendmsg(one.get(), &message, 0) >= 0);
}

std::string unlimit() {
  const rlimit more{.rlim_cur = 1, .rlim_max = 1};
  return outcome(::setrlimit(RLIMIT_CORE, &more) == 0);
}

std::string count_descriptors() {
  int count = 0;
  for (int descriptor = 0; descriptor < 1'024; ++descriptor) count += ::fcntl(descriptor, F_GETFD) >= 0 ? 1 : 0;
  return str(count);
}

std::string list(const std::string& folder) {
  DIR* const opened = ::opendir(folder.c_str());
  if (opened) ::closedir(opened);
  return outcome(opened != nullptr);
}

std::string try_out(const std::string& what, const std::string& argument) {
  const auto number = [&] { return argument.empty() ? 0 : std::stoi(argument); };
  if (what == "read") {
    const FileDescriptor file(::open(argument.c_str(), O_RDONLY));
    char byte = 0;
    return outcome(file && ::read(file.get(), &byte, 1) >= 0);
  }
  if (what == "list") return list(argument);
  if (what == "write") {
    const FileDescriptor file(::open(argument.c_str(), O_WRONLY | O_CREAT, 0600));
    return outcome(file && ::write(file.get(), "x", 1) == 1);
  }
  if (what == "write_mib") {
    const FileDescriptor file(::open(argument.substr(argument.find(':') + 1).c_str(), O_WRONLY | O_CREAT, 0600));
    return outcome(file && ::pwrite(file.get(), "x", 1, std::stol(argument) << 20) == 1);
  }
  if (what == "remove") return outcome(::unlink(argument.c_str()) == 0);
  if (what == "socket") return outcome(bool(FileDescriptor(::socket(AF_UNIX, SOCK_STREAM, 0))));
  if (what == "connect") return connect_to(number());
  if (what == "exec") return execute_file(argument);
  if (what == "fork") return fork_process();
  if (what == "trace") return outcome(::ptrace(PTRACE_SEIZE, number(), nullptr, nullptr) == 0);
  if (what == "signal") return outcome(::kill(number(), SIGCONT) == 0);
  if (what == "allocate") return map(static_cast<std::size_t>(number()), MAP_PRIVATE);
  if (what == "share") return map(static_cast<std::size_t>(number()), MAP_SHARED);
  if (what == "file_in_memory") return outcome(bool(FileDescriptor(static_cast<int>(::syscall(SYS_memfd_create, "x", 0)))));
  if (what == "execute") return execute_memory();
  if (what == "pass") return pass_descriptor();
  if (what == "unlimit") return unlimit();
  if (what == "ring") return outcome(::syscall(SYS_io_uring_setup, 1, nullptr) >= 0);
  if (what == "descriptors") return count_descriptors();
  if (what == "environment") {
    int count = 0;
    while (environ && environ[count]) ++count;
    return str(count);
  }
  if (what == "dumpable") return str(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
  if (what == "privileges") return str(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  return "unknown";
}

int recurse(int depth) {
  volatile char frame[4'096] = {};
  return depth < 0 ? 0 : recurse(depth + 1) + frame[0];  // ends with the stack
}

// The worker's first lane: 3 is what the zygote had its own channel at, and free in every worker.
constexpr int kFirstLane = 3;

void say(int lane, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(lane, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Frames as no worker makes them: two words of four bytes, the length and the kind, and the body.
void lie(const std::string& how) {
  const int lane = kFirstLane;
  const auto frame = [](std::uint32_t length, std::uint32_t kind, std::string_view body) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 4);
    std::memcpy(bytes.data() + 4, &kind, 4);
    return bytes.append(body);
  };
  constexpr std::uint32_t part = 9;
  constexpr std::uint32_t end = 10;
  if (how == "length") say(lane, frame(0xFFFFFFFF, part, "x"));
  if (how == "kind") say(lane, frame(1, 77, "x"));
  if (how == "error") say(lane, frame(3, end, "\1\377\377"));
  if (how == "half") say(lane, frame(1'000, part, "x"));
  while (how == "flood") say(lane, frame(1, part, "x"));
  while (how == "half") ::usleep(1'000);
}

Result<> answer(const CallContext& context, std::string_view request, Reply& reply) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < request.size();) {
    const std::size_t end = std::min(request.find(' ', at), request.size());
    words.emplace_back(request.substr(at, end - at));
    at = end + 1;
  }
  words.resize(3);
  if (words[0] == "echo") return reply.send(request.substr(std::min<std::size_t>(5, request.size())));
  if (words[0] == "pid") return reply.send(str(::getpid()));
  if (words[0] == "fail") return fail(ErrorCode::not_found, "nothing_there", "There is nothing");
  if (words[0] == "throw") throw std::runtime_error("thrown");
  if (words[0] == "parts") {
    const std::string part(std::stoul(words[2]), 'p');
    for (int i = 0; i < std::stoi(words[1]); ++i) TRY(reply.send(part));
    return {};
  }
  if (words[0] == "wait") {
    const auto until = CallContext::Clock::now() + std::chrono::milliseconds(std::stoi(words[1]));
    while (CallContext::Clock::now() < until) {
      TRY(context.check());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return reply.send("waited");
  }
  if (words[0] == "spin") {
    if (!words[1].empty()) TRY(reply.send(words[1]));
    while (true) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (words[0] == "lie") lie(words[1]);
  if (words[0] == "crash") {
    if (!words[1].empty()) std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(words[1])));
    return reply.send(str(recurse(0)));
  }
  if (words[0] == "no_memory") {
    std::thread([] { throw std::bad_alloc(); }).join();
  }
  if (words[0] == "killed") ::raise(SIGKILL);
  if (words[0] != "thread") return reply.send(try_out(words[0], words[1]));
  std::string result;
  std::thread([&] { result = try_out(words[1], words[2]); }).join();
  return reply.send(result);
}

}  // namespace

WorkerProgram make_attack_program() {
  return {.name = "attack", .prepare = {}, .start = [](std::string argument) -> Result<AnswerCall> {
            if (argument == "refuse") return fail(ErrorCode::invalid_argument, "start_refused", "This does not start");
            return AnswerCall([argument = std::move(argument)](const CallContext& context, std::string_view request, Reply& reply) {
              return answer(context, request, reply);
            });
          }};
}

}  // namespace bridge
