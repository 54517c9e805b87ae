#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/text.h"
#include "warehouse/dialect_list.h"
#include "warehouse/warehouse.h"

namespace bridge {

enum class Misbehaviour : std::uint8_t { none, hangs, throws, throws_bad_alloc, fails };

// What an engine for tests has and does; one is shared by all warehouses of its driver. Its calls go by their names, "describe_tables";
// what is not said to misbehave answers. Thread-safe once it is in use, but for `tables` and `answer`.
struct UnrulyEngine {
  std::vector<TableInfo> tables{
      {.dataset = "main", .name = "sales", .sql_name = "sales", .columns = {{.name = "n", .type = ColumnType::integer}}}};
  // What a run gives: by default one row with the number of the run.
  std::function<Result<Streamed>(BatchSink&, const ExecuteLimits&)> answer;
  DryRun estimate{.bytes_scanned = 1'000, .columns = {{"n", ColumnType::integer}}, .tables = {"sales"}};
  std::size_t described_at_once_max = 0;  // that was asked for

  void let(std::string call, Misbehaviour what) {
    const std::lock_guard lock(mutex_);
    misbehaviours_[std::move(call)] = what;
  }
  int count(const std::string& call) const {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(call);
    return found == counts_.end() ? 0 : found->second;
  }

  // At the beginning of each call.
  Result<> begin(const CallContext& context, const std::string& call) {
    Misbehaviour what{};
    {
      const std::lock_guard lock(mutex_);
      ++counts_[call];
      if (const auto found = misbehaviours_.find(call); found != misbehaviours_.end()) what = found->second;
    }
    switch (what) {
      case Misbehaviour::none: return {};
      case Misbehaviour::hangs:
        for (;;) {
          TRY(context.check());
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
      case Misbehaviour::throws: throw std::runtime_error("what an engine's library throws");
      case Misbehaviour::throws_bad_alloc: throw std::bad_alloc();
      case Misbehaviour::fails: return fail(ErrorCode::unavailable, "engine_down", "The engine is down");
    }
    return {};
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Misbehaviour> misbehaviours_;
  std::map<std::string, int> counts_;
};

class UnrulyWarehouse final : public Warehouse {
 public:
  explicit UnrulyWarehouse(std::shared_ptr<UnrulyEngine> engine) : engine_(std::move(engine)) {}

  const SqlDialect& dialect() const override { return *find_sql_dialect("duckdb"); }
  bool is_reading_free() const override { return false; }
  Result<> ping(const CallContext& context) override { return engine_->begin(context, "ping"); }

  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override {
    TRY(engine_->begin(context, "list_datasets"));
    return std::vector<DatasetInfo>{
        {.name = "main", .location = "nowhere", .table_count = static_cast<std::int64_t>(engine_->tables.size())}};
  }

  Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view) override {
    TRY(engine_->begin(context, "list_tables"));
    std::vector<TableName> names;
    for (const TableInfo& table : engine_->tables) names.push_back({.name = table.name, .sql_name = table.sql_name, .type = table.type});
    return names;
  }

  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view,
                                                 std::span<const std::string> names) override {
    TRY(engine_->begin(context, "describe_tables"));
    engine_->described_at_once_max = std::max(engine_->described_at_once_max, names.size());
    const std::set<std::string_view> asked(names.begin(), names.end());
    std::vector<TableInfo> out;
    for (const TableInfo& table : engine_->tables) {
      if (asked.contains(table.name)) out.push_back(table);
    }
    return out;
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view, std::string_view,
                                                          const StatisticsBudget&) override {
    TRY(engine_->begin(context, "column_statistics"));
    return std::vector<ColumnStatistics>{{.column = "n", .distinct_count = 1}};
  }

  Result<SqlReads> check_sql(const CallContext& context, std::string_view) override {
    TRY(engine_->begin(context, "check_sql"));
    return SqlReads{};
  }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery&) override {
    TRY(engine_->begin(context, "dry_run"));
    return engine_->estimate;
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery&, const ExecuteLimits& limits, BatchSink& sink) override {
    TRY(engine_->begin(context, "stream"));
    if (engine_->answer) return engine_->answer(sink, limits);
    QueryResult batch{.columns = {{.name = "n", .type = ColumnType::integer, .valid = {true}, .integers = {engine_->count("stream")}}},
                      .row_count = 1};
    TRY(sink.take(batch));
    return Streamed{.row_count = 1};
  }

 private:
  const std::shared_ptr<UnrulyEngine> engine_;
};

class UnrulyDriver final : public WarehouseDriver {
 public:
  explicit UnrulyDriver(std::shared_ptr<UnrulyEngine> engine) : engine_(std::move(engine)) {}
  std::string type() const override { return "unruly"; }
  std::string title() const override { return "Unruly"; }
  std::vector<CredentialField> fields() const override { return {{.name = "place", .about = "which"}}; }
  const SqlDialect& dialect() const override { return *find_sql_dialect("duckdb"); }
  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>&, const Opening&) override {
    TRY(engine_->begin(context, "open"));
    return std::make_shared<UnrulyWarehouse>(engine_);
  }

 private:
  const std::shared_ptr<UnrulyEngine> engine_;
};

// A batch whose columns do not fit together, in one of several ways.
inline constexpr int broken_batches = 5;
inline QueryResult broken_batch(int which) {
  QueryResult batch{.columns = {{.name = "n", .type = ColumnType::integer, .valid = {true, true}, .integers = {1, 2}}}, .row_count = 2};
  ResultColumn& column = batch.columns[0];
  switch (which) {
    case 0: column.type = ColumnType::text; break;
    case 1: column.type = ColumnType::number; break;
    case 2: column.integers.pop_back(); break;
    case 3: column.valid.clear(); break;
    default: batch.row_count = 1'000; break;
  }
  return batch;
}

}  // namespace bridge
