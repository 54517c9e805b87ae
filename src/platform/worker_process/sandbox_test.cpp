#include "platform/worker_process/sandbox.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "base/ids.h"
#include "base/json.h"
#include "base/text.h"
#include "platform/worker_process/worker_supervisor.h"

namespace bridge {
namespace {

namespace fs = std::filesystem;

const std::vector<SandboxLayer>& all_layers() {
  static const std::vector<SandboxLayer> layers{SandboxLayer::descriptors,     SandboxLayer::environment,       SandboxLayer::not_dumpable,
                                                SandboxLayer::resource_limits, SandboxLayer::no_new_privileges, SandboxLayer::files,
                                                SandboxLayer::network,         SandboxLayer::system_calls};
  return layers;
}

// A folder with a file, and a link in it to a file that is not; what is not.
class TestFiles final {
 public:
  TestFiles() : root_(fs::canonical(fs::temp_directory_path()) / ("bridge_sandbox_" + make_uuid())) {
    for (const char* folder : {"data", "scratch", "others"}) fs::create_directories(root_ / folder);
    std::ofstream(root_ / "data/file") << "mine";
    std::ofstream(root_ / "others/file") << "theirs";
    fs::create_symlink(root_ / "others/file", root_ / "data/link");
  }
  ~TestFiles() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  std::string operator/(const char* name) const { return root_ / name; }

 private:
  fs::path root_;
};

// A worker with the walls that a test is about.
class Walls final {
 public:
  Walls(const TestFiles& files, std::vector<SandboxLayer> only, bool has_scratch = false) {
    spec_.key = "walls";
    spec_.program = "attack";
    spec_.sandbox = {.readable_paths = {files / "data"}, .memory_bytes_max = 256 << 20};
    if (has_scratch) spec_.sandbox.scratch_folder = files / "scratch";
    spec_.sandbox.file_bytes_max = 8 << 20;
    for (const SandboxLayer layer : all_layers()) {
      if (std::ranges::find(only, layer) == only.end()) spec_.sandbox.left_out.push_back(layer);
    }
  }

  std::string operator()(const std::string& attack) {
    std::string answer;
    const auto called =
        supervisor_->call(CallContext{}.with_timeout(std::chrono::seconds(20)), spec_, attack, [&](std::string_view message) {
          answer = message;
          return Result<>();
        });
    return called ? answer : str("call failed: ", describe_error(called.error()));
  }
  // The answers on the thread of the call and on another.
  std::set<std::string> on_both_threads(const std::string& attack) { return {(*this)(attack), (*this)("thread " + attack)}; }

 private:
  WorkerSpec spec_;
  std::unique_ptr<WorkerSupervisor> supervisor_ = make_worker_supervisor(make_worker_launcher(), {});
};

using Answers = std::set<std::string>;

// A port of this machine that takes connections.
class Listener final {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(::listen(socket_.get(), 8), 0);
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address_), &size);
  }
  std::string port() const { return str(ntohs(address_.sin_port)); }

 private:
  FileDescriptor socket_;
  sockaddr_in address_{};
};

TEST(Sandbox, WithoutItEveryAttackWorks) {
  const TestFiles files;
  const Listener listener;
  Walls none(files, {});
  EXPECT_EQ(none("read /etc/passwd"), "ok");
  EXPECT_EQ(none("read " + files / "data/link"), "ok");
  EXPECT_EQ(none("list /"), "ok");
  EXPECT_EQ(none("write " + files / "others/new"), "ok");
  EXPECT_EQ(none("remove " + files / "others/new"), "ok");
  EXPECT_EQ(none("socket"), "ok");
  EXPECT_EQ(none("connect " + listener.port()), "ok");
  EXPECT_EQ(none("fork"), "ok");
  EXPECT_EQ(none(str("signal ", ::getpid())), "ok");
  EXPECT_EQ(none("allocate 512"), "ok");
  EXPECT_EQ(none("share 512"), "ok");
  EXPECT_EQ(none("file_in_memory"), "ok");
  EXPECT_EQ(none("execute"), "ok");
  EXPECT_EQ(none("pass"), "ok");
  EXPECT_EQ(none("unlimit"), "ok");
  EXPECT_EQ(none("dumpable"), "1");
  EXPECT_EQ(none("privileges"), "0");
}

TEST(Sandbox, FilesAloneHoldsToTheFilesThatWereNamed) {
  const TestFiles files;
  Walls walls(files, {SandboxLayer::files}, true);
  EXPECT_EQ(walls.on_both_threads("read " + files / "data/file"), Answers{"ok"});
  EXPECT_EQ(walls.on_both_threads("list " + files / "data"), Answers{"ok"});
  EXPECT_EQ(walls.on_both_threads("read /etc/passwd"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("read /proc/self/environ"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("read " + files / "others/file"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("read " + files / "data/link"), Answers{"EACCES"}) << "a link that leads out";
  EXPECT_EQ(walls.on_both_threads("read " + files / "data/../others/file"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("list /"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("write " + files / "data/file"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("write " + files / "data/new"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("remove " + files / "data/file"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("exec /bin/true"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("write " + files / "scratch/new"), Answers{"ok"});
  EXPECT_EQ(walls("remove " + files / "scratch/new"), "ok");
}

TEST(Sandbox, NetworkAloneHoldsFromOtherComputersAndProcesses) {
  const TestFiles files;
  const Listener listener;
  Walls walls(files, {SandboxLayer::network});
  EXPECT_EQ(walls.on_both_threads("connect " + listener.port()), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads(str("signal ", ::getpid())), Answers{"EPERM"});
}

TEST(Sandbox, SystemCallsAloneRefusesWhatAnEngineDoesNotNeed) {
  const TestFiles files;
  const Listener listener;
  Walls walls(files, {SandboxLayer::no_new_privileges, SandboxLayer::system_calls});
  EXPECT_EQ(walls.on_both_threads("read " + files / "data/file"), Answers{"ok"});
  EXPECT_EQ(walls.on_both_threads("allocate 64"), Answers{"ok"});
  EXPECT_EQ(walls.on_both_threads("write " + files / "others/new"), Answers{"EACCES"});
  EXPECT_EQ(walls.on_both_threads("remove " + files / "others/file"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("socket"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("connect " + listener.port()), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("exec /bin/true"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("fork"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads(str("trace ", ::getpid())), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads(str("signal ", ::getpid())), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("share 1"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("file_in_memory"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("execute"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("pass"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("unlimit"), Answers{"EPERM"});
  EXPECT_EQ(walls.on_both_threads("ring"), Answers{"EPERM"});
}

TEST(Sandbox, SystemCallsAloneLetsFilesBeWrittenWhereThereIsAScratchFolder) {
  const TestFiles files;
  Walls walls(files, {SandboxLayer::no_new_privileges, SandboxLayer::system_calls}, true);
  EXPECT_EQ(walls("write " + files / "scratch/new"), "ok");
  EXPECT_EQ(walls("remove " + files / "scratch/new"), "ok");
}

TEST(Sandbox, ResourceLimitsAloneHoldMemoryAndFiles) {
  const TestFiles files;
  Walls walls(files, {SandboxLayer::resource_limits});
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(walls.on_both_threads("allocate 64"), Answers{"ok"});
  EXPECT_EQ(walls.on_both_threads("allocate 512"), Answers{"ENOMEM"});
#endif
  EXPECT_EQ(walls.on_both_threads("write_mib 7:" + files / "others/new"), Answers{"ok"});
  EXPECT_EQ(walls.on_both_threads("write_mib 9:" + files / "others/new"), Answers{"EFBIG"});
}

TEST(Sandbox, TheSmallLayersHoldEachAlone) {
  const TestFiles files;
  EXPECT_EQ(Walls(files, {SandboxLayer::environment})("environment"), "0");
  EXPECT_EQ(Walls(files, {SandboxLayer::not_dumpable})("dumpable"), "0");
  EXPECT_EQ(Walls(files, {SandboxLayer::no_new_privileges})("privileges"), "1");
  // Standard input, output and error, which lead nowhere, the control channel and the lane.
  EXPECT_EQ(Walls(files, {SandboxLayer::descriptors})("descriptors"), "5");
}

TEST(Sandbox, NothingGetsThroughAllOfThem) {
  const TestFiles files;
  const Listener listener;
  Walls walls(files, all_layers());
  EXPECT_EQ(walls("descriptors"), "5");
  for (const std::string& attack :
       {std::string("read /etc/passwd"), "read " + files / "data/link", "write " + files / "data/new", "connect " + listener.port(),
        std::string("socket"), std::string("exec /bin/true"), std::string("fork"), str("trace ", ::getpid()), str("signal ", ::getpid())})
    EXPECT_FALSE(walls.on_both_threads(attack).contains("ok")) << attack;
  EXPECT_EQ(walls("read " + files / "data/file"), "ok");
}

TEST(Sandbox, ReportsEveryLayer) {
  const auto supervisor = make_worker_supervisor(make_worker_launcher(), {});
  const auto report = supervisor->probe({});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->layers.size(), all_layers().size());
  for (const SandboxLayerReport& layer : report->layers) {
    EXPECT_TRUE(layer.in_force) << enum_name(layer.layer) << ": " << layer.note;
  }
  EXPECT_TRUE(is_whole(*report));
  EXPECT_FALSE(is_whole({}));
}

}  // namespace
}  // namespace bridge
