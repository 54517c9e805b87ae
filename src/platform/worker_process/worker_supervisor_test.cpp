#include "platform/worker_process/worker_supervisor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/testing/patience.h"
#include "base/text.h"

namespace bridge {
namespace {

using std::chrono::milliseconds;
using Clock = CallContext::Clock;

// Reads one answer of an "attack" worker.
class Caller final {
 public:
  explicit Caller(WorkerLimits limits = {}) : supervisor_(make_worker_supervisor(launcher_, limits)) {}

  Result<std::string> call(const CallContext& context, const WorkerSpec& spec, const std::string& request) {
    std::string answer;
    TRY(supervisor_->call(context, spec, request, [&](std::string_view message) {
      answer += message;
      return Result<>();
    }));
    return answer;
  }
  Result<std::string> operator()(const std::string& request, const std::string& key = "k") { return call({}, spec(key), request); }

  // The process that answers, empty when none does.
  std::string pid(const std::string& key = "k", const std::string& version = "1") {
    return call({}, spec(key, version), "pid").value_or("");
  }

  Result<std::string> within(milliseconds limit, const std::string& request) {
    return call(CallContext{}.with_timeout(limit), spec("k"), request);
  }

  static WorkerSpec spec(const std::string& key, const std::string& version = "1") {
    return {.key = key, .version = version, .program = "attack", .argument = Secret(""), .sandbox = {}};
  }

  std::shared_ptr<WorkerLauncher> launcher_ = make_worker_launcher();
  std::unique_ptr<WorkerSupervisor> supervisor_;
};

void expect_killed(const Result<std::string>& result, std::string_view cause) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, "query_killed") << describe_error(result.error());
  ASSERT_EQ(result.error().violations.size(), 1U);
  EXPECT_EQ(result.error().violations[0].code, cause);
  EXPECT_FALSE(is_retryable(result.error()));
}

TEST(WorkerSupervisor, AnswersCallsOfAKeyInOneWorker) {
  Caller call;
  const auto one = call.pid();
  ASSERT_NE(one, "");
  EXPECT_EQ(call.pid(), one);
  const auto other = call.pid("other");
  ASSERT_NE(other, "");
  EXPECT_NE(other, one);
  EXPECT_EQ(call("echo hello"), "hello");
  EXPECT_EQ(call("parts 50 1000"), std::string(50'000, 'p'));
  EXPECT_EQ(call("parts 3 5000000"), std::string(15'000'000, 'p'));
  EXPECT_EQ(call.supervisor_->statistics().workers, 2U);
}

TEST(WorkerSupervisor, PassesErrorsAndExceptionsOn) {
  Caller call;
  const auto failed = call("fail");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::not_found);
  EXPECT_EQ(failed.error().reason, "nothing_there");
  EXPECT_EQ(call("throw").error().code, ErrorCode::internal);
  EXPECT_EQ(call("echo still here"), "still here");
}

TEST(WorkerSupervisor, AnswersSeveralCallsAtOnce) {
  Caller call;
  constexpr int threads_count = 8;
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < threads_count; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 50; ++i) right += call(str("echo ", thread, "-", i)) == str(thread, "-", i) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(right, threads_count * 50);
  EXPECT_EQ(call.supervisor_->statistics().workers, 1U);
}

TEST(WorkerSupervisor, HasTheNextCallWaitWhereAWorkerHasAllThatItMay) {
  Caller call({.worker_calls_max = 1});
  std::jthread first([&] { EXPECT_EQ(call("wait 200"), "waited"); });
  std::this_thread::sleep_for(milliseconds(100));
  const auto started = Clock::now();
  EXPECT_EQ(call("echo x"), "x");
  EXPECT_GT(Clock::now() - started, milliseconds(20));
}

TEST(WorkerSupervisor, LetsAWorkerStopByItselfAtTheDeadlineAndWhenCancelled) {
  Caller call({.grace = std::chrono::seconds(10)});
  const auto pid = call.pid();
  EXPECT_EQ(call.within(milliseconds(50), "wait 60000").error().code, ErrorCode::deadline_exceeded);
  std::stop_source stop;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  const auto cancelled = call.call({.stop = stop.get_token()}, Caller::spec("k"), "wait 60000");
  EXPECT_EQ(cancelled.error().code, ErrorCode::cancelled);
  EXPECT_EQ(call.pid(), pid) << "nothing was killed";
}

TEST(WorkerSupervisor, KillsAWorkerThatDoesNotStop) {
  Caller call;
  const auto pid = call.pid();
  const auto started = Clock::now();
  expect_killed(call.within(milliseconds(100), "spin"), "time");
  EXPECT_LT(Clock::now() - started, milliseconds(250) * kPatience);
  const auto fresh = call.pid();
  ASSERT_NE(fresh, "");
  EXPECT_NE(fresh, pid);

  std::stop_source stop;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  EXPECT_EQ(call.call({.stop = stop.get_token()}, Caller::spec("k"), "spin").error().code, ErrorCode::cancelled);
  EXPECT_NE(call.pid(), fresh);
}

TEST(WorkerSupervisor, SaysWhatAWorkerDiedOf) {
  Caller call;
  expect_killed(call("crash"), "crash");
  expect_killed(call("no_memory"), "memory");
  expect_killed(call("killed"), "memory");
  EXPECT_EQ(call("echo still here"), "still here");
}

TEST(WorkerSupervisor, ACallThatKillsItsWorkerTakesNoOtherWithIt) {
  Caller call;
  ASSERT_NE(call.pid(), "");
  std::jthread other([&] { EXPECT_EQ(call("wait 400"), "waited"); });
  std::this_thread::sleep_for(milliseconds(50));
  expect_killed(call("crash"), "crash");
  std::jthread another([&] { EXPECT_EQ(call("wait 400"), "waited"); });
  std::this_thread::sleep_for(milliseconds(50));
  expect_killed(call.within(milliseconds(50), "spin"), "time");
}

TEST(WorkerSupervisor, DoesNotRepeatAnAnswerOfWhichThereWasAPart) {
  Caller call;
  ASSERT_NE(call.pid(), "");
  std::jthread other([&] {
    const auto result = call.within(milliseconds(10'000), "spin first");
    EXPECT_EQ(result.error().reason, "worker_ended");
    EXPECT_TRUE(is_retryable(result.error()));
  });
  std::this_thread::sleep_for(milliseconds(100));
  expect_killed(call("crash"), "crash");
}

TEST(WorkerSupervisor, EndsACallWhoseSinkTakesNoMore) {
  Caller call({.grace = milliseconds(500)});
  const auto pid = call.pid();
  int taken = 0;
  const auto refuse = [&](std::string_view) {
    ++taken;
    return Result<>(fail(ErrorCode::payload_too_large, "enough"));
  };
  const auto ended = call.supervisor_->call({}, Caller::spec("k"), "parts 3 10", refuse);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "enough");
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(call.pid(), pid);
  EXPECT_EQ(call.supervisor_->call({}, Caller::spec("k"), "spin x", refuse).error().message, "enough");
  EXPECT_NE(call.pid(), pid) << "it went on, and was killed";
}

TEST(WorkerSupervisor, BelievesNoWorkerThatLies) {
  Caller call;
  for (const std::string how : {"length", "kind", "error"}) {
    expect_killed(call("lie " + how), "crash");
    EXPECT_EQ(call("echo x"), "x");
  }
  for (const std::string how : {"half", "flood"}) {
    const auto started = Clock::now();
    expect_killed(call.within(milliseconds(100), "lie " + how), "time");
    EXPECT_LT(Clock::now() - started, milliseconds(300) * kPatience);
  }
}

TEST(WorkerSupervisor, StartsAnotherWorkerForAnotherVersion) {
  Caller call;
  const auto pid = call.pid("k", "1");
  std::jthread running([&] { EXPECT_EQ(call.call({}, Caller::spec("k", "1"), "wait 200"), "waited"); });
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_NE(call.pid("k", "2"), pid);
  running.join();
  EXPECT_EQ(call.supervisor_->statistics().workers, 1U);
}

TEST(WorkerSupervisor, EndsWorkersThatAreIdle) {
  Caller call({.idle_max = milliseconds(50)});
  const auto pid = call.pid();
  ASSERT_NE(pid, "");
  for (int i = 0; i < 200 && call.supervisor_->statistics().workers > 0; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(call.supervisor_->statistics().workers, 0U);
  EXPECT_NE(call.pid(), pid);
}

TEST(WorkerSupervisor, EndsTheWorkerThatWasIdleLongestWhenThereIsNoPlace) {
  Caller call({.workers_max = 2});
  const auto a = call.pid("a");
  const auto b = call.pid("b");
  ASSERT_EQ(call.pid("a"), a);
  ASSERT_NE(call.pid("c"), "");
  EXPECT_EQ(call.pid("a"), a);
  EXPECT_EQ(call.supervisor_->statistics().workers, 2U);
  EXPECT_NE(call.pid("b"), b);
}

TEST(WorkerSupervisor, RefusesAtOnceWhenEveryWorkerIsAtWork) {
  Caller call({.workers_max = 1});
  std::jthread busy([&] { EXPECT_EQ(call("wait 300", "a"), "waited"); });
  std::this_thread::sleep_for(milliseconds(100));
  const auto started = Clock::now();
  EXPECT_EQ(call("echo x", "b").error().reason, "overloaded");
  EXPECT_LT(Clock::now() - started, milliseconds(20) * kPatience);
}

TEST(WorkerSupervisor, LeavesRoomForTheNextGroup) {
  Caller call({.workers_max = 4});
  const auto of_group = [](const std::string& key, const std::string& group) {
    WorkerSpec spec = Caller::spec(key);
    spec.group = group;
    return spec;
  };
  for (const std::string key : {"a1", "a2", "a3"}) EXPECT_EQ(call.call({}, of_group(key, "a"), "echo x"), "x");  // idle ones may be more
  std::vector<std::jthread> busy;
  for (const std::string key : {"a1", "a2"})
    busy.emplace_back([&, key] { EXPECT_EQ(call.call({}, of_group(key, "a"), "wait 500"), "waited"); });
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_EQ(call.call({}, of_group("a3", "a"), "echo x").error().reason, "overloaded");
  EXPECT_EQ(call.call({}, of_group("b1", "b"), "echo x"), "x");
  busy.clear();
  EXPECT_EQ(call.call({}, of_group("a3", "a"), "echo x"), "x");
}

TEST(WorkerSupervisor, KeepsRoomForThoseWhoWait) {
  Caller call({.workers_max = 4, .worker_calls_aside_max = 1, .workers_for_somebody = 3});
  CallContext background;
  background.work_class = WorkClass::background;
  ASSERT_NE(call.pid(), "");
  std::jthread busy([&] { EXPECT_EQ(call.call(background, Caller::spec("k"), "wait 500"), "waited"); });
  std::this_thread::sleep_for(milliseconds(150));
  // In the same worker another of the class waits, and somebody does not; another worker starts for somebody alone.
  EXPECT_EQ(call.call(background.with_timeout(milliseconds(50)), Caller::spec("k"), "echo x").error().code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(call("echo x"), "x");
  EXPECT_EQ(call.call(background, Caller::spec("other"), "echo x").error().reason, "overloaded");
  EXPECT_EQ(call("echo x", "other"), "x");
  busy.join();
  EXPECT_EQ(call.call(background, Caller::spec("k"), "echo x"), "x");
}

TEST(WorkerSupervisor, HasACallThatIsLongAtWorkGiveWay) {
  Caller call({.long_call = milliseconds(100)});
  const pid_t worker = std::stoi(call.pid());
  const auto priority = [&] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(worker)); };
  EXPECT_EQ(priority(), worker_priority);
  std::jthread busy([&] { EXPECT_EQ(call("wait 400"), "waited"); });
  std::this_thread::sleep_for(milliseconds(250));
  EXPECT_EQ(priority(), worker_priority_of_long_calls);
  busy.join();
  // The superuser may take it back; anybody else's next call has another worker.
  const pid_t next = std::stoi(call.pid());
  EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(next)), worker_priority);
}

TEST(WorkerSupervisor, PassesOnThatAProgramDoesNotStart) {
  Caller call;
  WorkerSpec spec = Caller::spec("k");
  spec.argument = Secret("refuse");
  EXPECT_EQ(call.call({}, spec, "pid").error().reason, "start_refused");
  spec.program = "unprepared";
  EXPECT_EQ(call.call({}, spec, "pid").error().reason, "worker_not_started");
  spec.program = "unknown";
  EXPECT_EQ(call.call({}, spec, "pid").error().reason, "worker_not_started");
}

TEST(WorkerSupervisor, UsesAFreshWorkerWhenTheIdleOneDied) {
  Caller call;
  const auto pid = call.pid();
  ASSERT_NE(pid, "");
  ::kill(std::stoi(pid), SIGKILL);
  std::this_thread::sleep_for(milliseconds(50));
  const auto fresh = call.pid();
  ASSERT_NE(fresh, "");
  EXPECT_NE(fresh, pid);
}

// ---- the zygote ----------------------------------------------------------------------------------------------------

TEST(WorkerLauncher, StartsItsZygoteAgainWhenItDies) {
  Caller call;
  const auto pid = call.pid();
  ASSERT_NE(pid, "");
  const pid_t zygote = call.launcher_->zygote();
  ::kill(zygote, SIGKILL);
  EXPECT_NE(call.pid("other"), "");
  for (int i = 0; i < 200 && ::kill(std::stoi(pid), 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_NE(::kill(std::stoi(pid), 0), 0) << "the workers end with their zygote";
  EXPECT_EQ(call("echo x"), "x");
  EXPECT_NE(call.launcher_->zygote(), zygote);
}

TEST(WorkerLauncher, TakesACallWhoseZygoteDiesElsewhere) {
  Caller call;
  ASSERT_NE(call.pid(), "");
  std::jthread killer([&] {
    std::this_thread::sleep_for(milliseconds(50));
    ::kill(call.launcher_->zygote(), SIGKILL);
  });
  EXPECT_EQ(call("wait 200"), "waited");
}

TEST(WorkerLauncher, StartsAWorkerWithinMilliseconds) {
  const auto launcher = make_worker_launcher();
  ASSERT_TRUE(launcher->launch({}, "attack", {}, ""));
  auto best = milliseconds(1'000'000);
  for (int i = 0; i < 10; ++i) {
    const auto started = Clock::now();
    ASSERT_TRUE(launcher->launch({}, "attack", {}, ""));
    best = std::min(best, std::chrono::duration_cast<milliseconds>(Clock::now() - started));
  }
  EXPECT_LE(best, milliseconds(5) * kPatience);
}

// A server that is killed leaves nothing behind.
TEST(WorkerLauncher, EndsWithItsServerHoweverThatEnds) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t server = ::fork();
  if (server == 0) {
    const auto launcher = make_worker_launcher();
    const auto worker = launcher->launch({}, "attack", {}, "");
    const std::array<pid_t, 2> pids{launcher->zygote(), worker ? worker->pid : 0};
    if (::write(ends[1], pids.data(), sizeof pids) < 0) ::_exit(1);
    ::pause();
  }
  std::array<pid_t, 2> pids{};
  ASSERT_EQ(::read(ends[0], pids.data(), sizeof pids), ssize_t{sizeof pids});
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_EQ(::kill(pids[0], 0), 0);
  ASSERT_GT(pids[1], 0);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  const auto is_alive = [](pid_t pid) {
    std::ifstream status(str("/proc/", pid, "/stat"));
    std::string number;
    std::string name;
    std::string state;
    return static_cast<bool>(status >> number >> name >> state) && state != "Z";
  };
  for (const pid_t pid : pids) {
    for (int i = 0; i < 200 && is_alive(pid); ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_FALSE(is_alive(pid));
  }
}

// What was in the server's memory and environment is in no worker's.
TEST(WorkerLauncher, GivesItsWorkersAnAddressSpaceWithoutSecrets) {
  const std::string canary = str("canary-", ::getpid(), "-", Clock::now().time_since_epoch().count());
  ::setenv("BRIDGE_TEST_CANARY", canary.c_str(), 1);
  const auto launcher = make_worker_launcher();
  const SandboxOptions dumpable{.left_out = {SandboxLayer::not_dumpable}};
  const auto first = launcher->launch({}, "attack", dumpable, canary);
  const auto second = launcher->launch({}, "attack", dumpable, "");
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  const auto has_canary = [&](pid_t pid) {
    std::ifstream maps(str("/proc/", pid, "/maps"));
    std::ifstream memory(str("/proc/", pid, "/mem"), std::ios::binary);
    EXPECT_TRUE(maps && memory);
    for (std::string line; std::getline(maps, line);) {
      std::size_t begin = 0;
      std::size_t end = 0;
      char mode[5] = {};
      if (std::sscanf(line.c_str(), "%zx-%zx %4s", &begin, &end, mode) != 3 || mode[0] != 'r' || mode[1] != 'w') continue;
      if (end - begin > 1 << 26) continue;
      std::string bytes(end - begin, '\0');
      memory.clear();
      memory.seekg(static_cast<std::streamoff>(begin));
      memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      if (bytes.contains(canary)) return true;
    }
    return false;
  };
  EXPECT_TRUE(has_canary(first->pid)) << "the one that was told it";
  EXPECT_FALSE(has_canary(second->pid));
  EXPECT_FALSE(has_canary(launcher->zygote()));
}

}  // namespace
}  // namespace bridge
