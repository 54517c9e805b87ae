#include "app/walls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bridge {
namespace {

class CountingWorkers final : public WorkerSupervisor {
 public:
  Result<> call(const CallContext&, const WorkerSpec&, std::string_view, const TakeMessage&) override { return {}; }
  void end(const std::string&) override {}
  void warm() override {}
  Result<SandboxReport> probe(const CallContext&) override {
    ++probes;
    if (report.layers.empty()) return fail(ErrorCode::unavailable, "worker_not_started", "No process could be started");
    return report;
  }
  WorkerStatistics statistics() const override { return {}; }

  SandboxReport report;
  int probes = 0;
};

TEST(Walls, NamesEveryLayerThatIsMissingAndWhy) {
  const auto workers = std::make_shared<CountingWorkers>();
  workers->report.layers = {{.layer = SandboxLayer::descriptors, .in_force = true, .note = ""},
                            {.layer = SandboxLayer::files, .in_force = false, .note = "this kernel has no Landlock"},
                            {.layer = SandboxLayer::system_calls, .in_force = false, .note = "seccomp is off"}};
  const auto outcome = make_walls(workers)->check({});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason, "walls_missing");
  EXPECT_THAT(outcome.error().message, testing::HasSubstr("files (this kernel has no Landlock); system_calls (seccomp is off)"));
  EXPECT_THAT(outcome.error().message, testing::Not(testing::HasSubstr("descriptors")));
}

TEST(Walls, AsksOnceAMinuteAndAgainAfterAFailure) {
  const auto workers = std::make_shared<CountingWorkers>();
  const auto walls = make_walls(workers);
  EXPECT_EQ(walls->check({}).error().reason, "worker_not_started");
  workers->report.layers = {{.layer = SandboxLayer::files, .in_force = true, .note = ""}};
  EXPECT_TRUE(walls->check({}));
  EXPECT_TRUE(walls->check({}));
  EXPECT_EQ(workers->probes, 2);
}

}  // namespace
}  // namespace bridge
