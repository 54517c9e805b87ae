#include "features/connections/connection_steps.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"
#include "warehouse/testing/empty_warehouse.h"

namespace bridge {
namespace {

std::string written(std::vector<ConnectionTestStep> steps) {
  std::string out;
  for (const ConnectionTestStep& step : steps)
    out += str(enum_name(step.name), step.ok ? " ok" : " failed", step.error ? ": " + *step.error : "",
               step.mend ? " -> " + *step.mend : "", "\n");
  return out;
}

TEST(ConnectionSteps, AreThoseThatBeganInTheirOrder) {
  ConnectionSteps steps;
  steps.begin(ConnectionStep::resolve);
  steps.begin(ConnectionStep::connect);
  steps.advise("a better way");
  steps.begin(ConnectionStep::list);
  EXPECT_EQ(written(steps.finish()), "resolve ok\nconnect ok -> a better way\nlist ok\n");
}

TEST(ConnectionSteps, EndWithTheOneThatIsToldAgainWhenItFailed) {
  ConnectionSteps steps;
  for (const ConnectionStep step :
       {ConnectionStep::resolve, ConnectionStep::connect, ConnectionStep::tls, ConnectionStep::sign_in, ConnectionStep::tls})
    steps.begin(step);
  steps.fail(
      {.message = "TLS: none is offered: switch it on", .violations = {{.path = "credentials.ssl_mode", .message = "switch it on"}}});
  EXPECT_EQ(written(steps.finish()), "resolve ok\nconnect ok\ntls failed: none is offered -> switch it on\n");
}

TEST(ConnectionSteps, SayWhatFailedOnceWhereNothingMendsIt) {
  ConnectionSteps steps;
  steps.fail({.message = "There is no such file", .violations = {{.message = "There is no such file"}}});
  EXPECT_EQ(written(steps.finish()), "open failed: There is no such file\n");
}

TEST(ConnectionSteps, ForgetOneThatWasNone) {
  ConnectionSteps steps;
  steps.begin(ConnectionStep::open);
  steps.begin(ConnectionStep::rights);
  steps.forget();
  steps.begin(ConnectionStep::list);
  EXPECT_EQ(written(steps.finish()), "open ok\nlist ok\n");
}

// Tables of which all but the last are broken.
class BrokenTables final : public EmptyWarehouse {
 public:
  explicit BrokenTables(std::vector<std::string> tables, std::string readable, std::uint64_t bytes = 1)
      : tables_(std::move(tables)), readable_(std::move(readable)), bytes_(bytes) {}
  Result<std::optional<std::vector<std::string>>> check_rights(const CallContext&) override {
    return std::optional(std::vector<std::string>{"may write", "may sign anybody in"});
  }
  Result<std::vector<DatasetInfo>> list_datasets(const CallContext&) override {
    return std::vector<DatasetInfo>{{.name = "one"}, {.name = "two"}};
  }
  Result<std::vector<TableName>> list_tables(const CallContext&, std::string_view dataset) override {
    std::vector<TableName> names;
    if (dataset == "one") return names;
    for (const std::string& table : tables_) names.push_back({.name = table, .sql_name = table});
    return names;
  }
  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    while (query.sql.contains("endless")) {
      TRY(context.check());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (!query.sql.contains(readable_)) return fail(ErrorCode::invalid_argument, "broken: " + query.sql);
    return DryRun{.bytes_scanned = bytes_};
  }
  Result<Streamed> stream(const CallContext&, const BoundQuery&, const ExecuteLimits&, BatchSink&) override {
    ++read;
    return Streamed{};
  }
  int read = 0;

 private:
  std::vector<std::string> tables_;
  std::string readable_;
  std::uint64_t bytes_;
};

TEST(ProveReading, TriesAnotherTableWhereOneCannotBeRead) {
  ConnectionSteps steps;
  BrokenTables warehouse({"a", "b", "good"}, "good");
  EXPECT_TRUE(prove_reading({}, warehouse, steps));
  EXPECT_EQ(written(steps.finish()), "rights ok -> may write. may sign anybody in\nlist ok\ndry_run ok\nread_row ok\n");
  EXPECT_EQ(warehouse.read, 1);
}

TEST(ProveReading, WaitsForNoTableAsLongAsThereIsAnother) {
  ConnectionSteps steps;
  BrokenTables warehouse({"endless", "good"}, "good");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(prove_reading(CallContext{}.with_timeout(std::chrono::seconds(20)), warehouse, steps));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(warehouse.read, 1);
}

TEST(ProveReading, FailsWithTheFirstErrorWhereNoneCan) {
  ConnectionSteps steps;
  BrokenTables warehouse({"a", "b"}, "good");
  EXPECT_FALSE(prove_reading({}, warehouse, steps));
  EXPECT_TRUE(written(steps.finish()).contains("dry_run failed: broken: SELECT * FROM a LIMIT 1"));
}

TEST(ProveReading, ReadsNoRowThatWouldScanMuch) {
  ConnectionSteps steps;
  BrokenTables warehouse({"good"}, "good", 200'000'000);
  EXPECT_TRUE(prove_reading({}, warehouse, steps));
  EXPECT_TRUE(written(steps.finish()).ends_with("read_row ok -> Not read: a row of good would scan 200 MB\n"));
  EXPECT_EQ(warehouse.read, 0);
}

TEST(ProveReading, SaysWhereThereIsNothingToRead) {
  ConnectionSteps steps;
  BrokenTables warehouse({}, "");
  EXPECT_TRUE(prove_reading({}, warehouse, steps));
  EXPECT_TRUE(written(steps.finish()).contains("list ok -> There is no table that it may read"));
}

}  // namespace
}  // namespace bridge
