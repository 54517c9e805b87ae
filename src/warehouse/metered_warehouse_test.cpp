#include "warehouse/metered_warehouse.h"

#include <gtest/gtest.h>

#include "warehouse/testing/empty_warehouse.h"

namespace bridge {
namespace {

// Counts as ReadingMeter does, and refuses beyond `bytes_max`.
struct Counts {
  std::uint64_t bytes = 0;
  int taken = 0;
  int given_back = 0;
  std::uint64_t bytes_max = 1'000;
  ReadingMeter meter() {
    return {.take = [this](const CallContext&, std::uint64_t more) -> Result<> {
              if (bytes + more > bytes_max) return fail(ErrorCode::resource_exhausted, "daily_cap_reached", "no more");
              bytes += more;
              ++taken;
              return {};
            },
            .give_back =
                [this](const CallContext&, std::uint64_t less) {
                  bytes -= less;
                  ++given_back;
                }};
  }
};

// Says how much a query reads, and counts its dry runs and runs.
class CountedWarehouse final : public EmptyWarehouse {
 public:
  Result<DryRun> dry_run(const CallContext&, const BoundQuery& query) override {
    ++dry_runs;
    return DryRun{.bytes_scanned = query.sql.size()};
  }
  Result<Streamed> stream(const CallContext&, const BoundQuery& query, const ExecuteLimits&, BatchSink&) override {
    ++runs;
    if (query.sql == "broken") return fail(ErrorCode::unavailable, "broken");
    return Streamed{};
  }
  int dry_runs = 0;
  int runs = 0;
};

TEST(MeteredWarehouse, CountsWhatItsDryRunSaid) {
  Counts counts;
  const auto inner = std::make_shared<CountedWarehouse>();
  const auto warehouse = make_metered_warehouse(inner, counts.meter());
  EXPECT_TRUE(warehouse->dry_run({}, {.sql = "12345"}));
  EXPECT_EQ(counts.taken, 0);
  EXPECT_TRUE(warehouse->execute({}, {.sql = "12345"}, {}));
  EXPECT_TRUE(warehouse->execute({}, {.sql = "12345"}, {}));
  EXPECT_EQ(counts.bytes, 10U);
  EXPECT_EQ(inner->dry_runs, 1);
  EXPECT_TRUE(warehouse->execute({}, {.sql = "1234567", .values = {std::int64_t{1}}}, {}));
  EXPECT_EQ(counts.bytes, 17U);
  EXPECT_EQ(inner->dry_runs, 2) << "one that was not dry-run before is";
}

TEST(MeteredWarehouse, RunsNothingThatIsRefusedAndGivesBackWhatFailed) {
  Counts counts{.bytes_max = 8};
  const auto inner = std::make_shared<CountedWarehouse>();
  const auto warehouse = make_metered_warehouse(inner, counts.meter());
  EXPECT_EQ(warehouse->execute({}, {.sql = "123456789"}, {}).error().reason, "daily_cap_reached");
  EXPECT_EQ(inner->runs, 0);
  EXPECT_FALSE(warehouse->execute({}, {.sql = "broken"}, {}));
  EXPECT_EQ(counts.given_back, 1);
  EXPECT_EQ(counts.bytes, 0U);
}

}  // namespace
}  // namespace bridge
