#include "warehouse/duckdb/duckdb_driver.h"

#include <filesystem>
#include <mutex>

#include "base/guarded.h"
#include "warehouse/duckdb/column_statistics.h"
#include "warehouse/duckdb/data_source.h"
#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/duckdb/duckdb_library.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/duckdb/private_engine.h"
#include "warehouse/duckdb/sql_guard.h"
#include "warehouse/local_path.h"

namespace bridge {

namespace {

using duckdb::DataSource;
using duckdb::SourceTable;
using duckdb::StatementGuard;

// One open source per path, shared by all connections to it. Thread-safe; opening one path does not hold up the others.
class SourceRegistry final {
 public:
  explicit SourceRegistry(DriverLimits limits) : limits_(limits) {}

  Result<std::shared_ptr<DataSource>> open(const CallContext& context, const std::filesystem::path& path, const std::string& version) {
    const std::shared_ptr<Slot> slot = slot_of(path.string());
    const std::lock_guard lock(slot->mutex);
    if (auto source = slot->source.lock(); source && source->version() == version) return source;
    auto source = TRY(DataSource::open(context, path, version, limits_));
    slot->source = source;
    return source;
  }

 private:
  struct Slot {
    std::mutex mutex;
    std::weak_ptr<DataSource> source;
  };

  std::shared_ptr<Slot> slot_of(const std::string& path) {
    const std::lock_guard lock(mutex_);
    std::erase_if(
        slots_, [&](const auto& entry) { return entry.second.use_count() == 1 && entry.second->source.expired() && entry.first != path; });
    std::shared_ptr<Slot>& slot = slots_[path];
    if (!slot) slot = std::make_shared<Slot>();
    return slot;
  }

  const DriverLimits limits_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;
};

class DuckdbWarehouse final : public Warehouse {
 public:
  DuckdbWarehouse(std::shared_ptr<SourceRegistry> registry, std::filesystem::path path)
      : registry_(std::move(registry)), path_(std::move(path)) {}

  const SqlDialect& dialect() const override { return duckdb_dialect(); }
  bool is_reading_free() const override { return true; }

  Result<> ping(const CallContext& context) override {
    const auto source = TRY(current(context));
    const auto session = TRY(source->engine().borrow(context));
    TRY(session->run(context, {.sql = "SELECT 1"}, {}));
    return {};
  }

  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override { return TRY(current(context))->datasets(); }

  Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view dataset) override {
    return TRY(current(context))->table_names(dataset);
  }

  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view dataset,
                                                 std::span<const std::string> names) override {
    const auto source = TRY(current(context));
    std::vector<TableInfo> infos;
    for (const SourceTable* table : TRY(source->tables(context, dataset, names))) infos.push_back(table->info);
    return infos;
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset, std::string_view table,
                                                          const StatisticsBudget& budget) override {
    const auto source = TRY(current(context));
    SourceTable& found = *TRY(source->table(context, dataset, table));
    const DryRun look = TRY(source->dry_run_of_table(context, found));
    return duckdb::statistics_of(context, source->engine(), found, look.bytes_scanned, budget);
  }

  Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) override {
    const auto source = TRY(current(context));
    return TRY(source->analyse(context, StatementGuard(TRY(duckdb::parser_engine())), std::string(sql)))->reads;
  }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    const auto source = TRY(current(context));
    return source->dry_run(context, StatementGuard(TRY(duckdb::parser_engine())), query);
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    const auto source = TRY(current(context));
    const StatementGuard guard(TRY(duckdb::parser_engine()));
    TRY(source->analyse(context, guard, query.sql));
    // DuckDB has no cap on what a query reads. What bounds a run is the dry run of the data as it is now, the call's deadline, and the
    // engine's memory and threads.
    if (limits.scanned_bytes_max) TRY(check_scanned_bytes(TRY(source->dry_run(context, guard, query)).bytes_scanned, limits));
    const auto session = TRY(source->engine().borrow(context));
    return session->stream(context, query, limits, sink);
  }

 private:
  // The source as the files are now; looked at again when the last look is old.
  Result<std::shared_ptr<DataSource>> current(const CallContext& context) {
    TRY(context.check());
    const std::lock_guard lock(mutex_);
    const auto now = CallContext::Clock::now();
    if (source_ && now - checked_at_ < duckdb::data_version_check_interval) return source_;
    const std::string version = TRY(duckdb::data_version(path_));
    if (!source_ || source_->version() != version) source_ = TRY(registry_->open(context, path_, version));
    checked_at_ = now;
    return source_;
  }

  std::shared_ptr<SourceRegistry> registry_;
  std::filesystem::path path_;
  std::mutex mutex_;
  std::shared_ptr<DataSource> source_;
  CallContext::Clock::time_point checked_at_;
};

class DuckdbDriver final : public WarehouseDriver {
 public:
  explicit DuckdbDriver(DriverParts parts) : parts_(std::move(parts)) {}

  std::string type() const override { return "duckdb"; }
  std::string title() const override { return "DuckDB file, or a folder of Parquet, CSV and JSON"; }
  std::vector<CredentialField> fields() const override {
    return {{.name = "path",
             .about = "A .duckdb file, or a folder of Parquet, CSV, TSV or JSON files, on the server's machine",
             .secret = false,
             .required = true,
             .where_it_is = true}};
  }

  bool is_of_this_machine() const override { return true; }
  const SqlDialect& dialect() const override { return duckdb_dialect(); }

  DataVersion data_version(const std::map<std::string, Secret>& credentials) const override {
    return remembered_version([path = local_path_of(path_text_of(credentials))] { return duckdb::data_version(path); },
                              duckdb::data_version_check_interval);
  }

  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials,
                                          const Opening& opening) override {
    TRY(context.check());
    opening.tell(ConnectionStep::open);
    const std::filesystem::path path = TRY(check_path(credentials));
    TRY(duckdb::data_version(path));
    // The guard's engine takes as long to start as the data's: both start at once.
    std::jthread parser;
    (void)guarded(
        [&] { parser = std::jthread([] { (void)guarded([] { return duckdb::parser_engine(); }); }); });  // else it starts when needed
    auto warehouse = std::make_shared<DuckdbWarehouse>(registry_, path);
    TRY(warehouse->ping(context));
    return warehouse;
  }

  // The library alone: an engine that was opened has a thread, which no fork takes along.
  Result<> load() const override { return duckdb::load_duckdb_library(); }

  Result<IsolationNeeds> isolation_needs(const std::map<std::string, Secret>& credentials) const override {
    const std::string path = TRY(check_path(credentials)).string();
    return IsolationNeeds{.readable_paths = {path, path + ".wal"}};
  }

 private:
  Result<std::filesystem::path> check_path(const std::map<std::string, Secret>& credentials) const {
    return check_local_path(path_text_of(credentials), "a DuckDB file or a folder of data files", parts_.folders);
  }

  const DriverParts parts_;
  const std::shared_ptr<SourceRegistry> registry_ = std::make_shared<SourceRegistry>(parts_.limits);
};

}  // namespace

std::shared_ptr<WarehouseDriver> make_duckdb_driver(DriverParts parts) { return std::make_shared<DuckdbDriver>(std::move(parts)); }

Result<> load_duckdb() { return duckdb::load_duckdb_library(); }

}  // namespace bridge
