#include "warehouse/sqlite/sqlite_driver.h"

#include <filesystem>
#include <mutex>

#include "base/text.h"
#include "warehouse/local_path.h"
#include "warehouse/sqlite/database_file.h"
#include "warehouse/sqlite/limits.h"
#include "warehouse/sqlite/sqlite_dialect.h"

namespace bridge {

namespace {

using sqlite::DatabaseFile;

class SqliteWarehouse final : public Warehouse {
 public:
  explicit SqliteWarehouse(std::filesystem::path path) : path_(std::move(path)) {}

  const SqlDialect& dialect() const override { return sqlite_dialect(); }
  bool is_reading_free() const override { return true; }

  Result<> ping(const CallContext& context) override { return TRY(current(context))->ping(context); }

  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override {
    return std::vector<DatasetInfo>{TRY(current(context))->dataset()};
  }

  Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view dataset) override {
    TRY(check_dataset(dataset));
    return TRY(current(context))->list_tables();
  }

  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view dataset,
                                                 std::span<const std::string> names) override {
    TRY(check_dataset(dataset));
    return TRY(current(context))->describe_tables(context, names);
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset, std::string_view table,
                                                          const StatisticsBudget& budget) override {
    TRY(check_dataset(dataset));
    return TRY(current(context))->column_statistics(context, table, budget);
  }

  Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) override {
    return TRY(current(context))->check_sql(context, std::string(sql));
  }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    return TRY(current(context))->dry_run(context, query);
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    return TRY(current(context))->stream(context, query, limits, sink);
  }

 private:
  static Result<> check_dataset(std::string_view dataset) {
    if (dataset == sqlite::dataset_name) return {};
    return fail(ErrorCode::not_found,
                str("There is no dataset '", dataset.substr(0, 100), "': a SQLite file has one, '", sqlite::dataset_name, "'"));
  }

  // The file as it is now; looked at again when the last look is old. Calls that still run on what it was keep that.
  Result<std::shared_ptr<DatabaseFile>> current(const CallContext& context) {
    TRY(context.check());
    // Another call may be waiting for a locked file.
    std::unique_lock lock(mutex_, std::defer_lock);
    while (!lock.try_lock_for(sqlite::lock_retry_interval)) TRY(context.check());
    const auto now = CallContext::Clock::now();
    if (file_ && now - checked_at_ < sqlite::data_version_check_interval) return file_;
    std::string version = TRY(sqlite::file_version(path_));
    if (!file_ || file_->version() != version) file_ = TRY(DatabaseFile::open(context, path_, std::move(version)));
    checked_at_ = now;
    return file_;
  }

  std::filesystem::path path_;
  std::timed_mutex mutex_;
  std::shared_ptr<DatabaseFile> file_;
  CallContext::Clock::time_point checked_at_;
};

class SqliteDriver final : public WarehouseDriver {
 public:
  explicit SqliteDriver(DriverFolders folders) : folders_(std::move(folders)) {}

  std::string type() const override { return "sqlite"; }
  std::string title() const override { return "SQLite file"; }
  std::vector<CredentialField> fields() const override {
    return {{.name = std::string(kPathField),
             .about = "A .sqlite, .sqlite3 or .db file on the server's machine",
             .secret = false,
             .required = true,
             .where_it_is = true}};
  }

  bool is_of_this_machine() const override { return true; }
  const SqlDialect& dialect() const override { return sqlite_dialect(); }

  DataVersion data_version(const std::map<std::string, Secret>& credentials) const override {
    return remembered_version([path = local_path_of(path_text_of(credentials))] { return sqlite::file_version(path); },
                              sqlite::data_version_check_interval);
  }

  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials,
                                          const Opening& opening) override {
    TRY(context.check());
    opening.tell(ConnectionStep::open);
    auto warehouse = std::make_shared<SqliteWarehouse>(TRY(check_path(credentials)));
    TRY(warehouse->ping(context));
    return warehouse;
  }

  // https://www.sqlite.org/tempfiles.html
  Result<IsolationNeeds> isolation_needs(const std::map<std::string, Secret>& credentials) const override {
    const std::string path = TRY(check_path(credentials)).string();
    return IsolationNeeds{.readable_paths = {path, path + "-journal", path + "-wal", path + "-shm"}, .writes_temporary_files = true};
  }

 private:
  Result<std::filesystem::path> check_path(const std::map<std::string, Secret>& credentials) const {
    return check_local_path(path_text_of(credentials), "a SQLite file", folders_);
  }

  const DriverFolders folders_;
};

}  // namespace

std::shared_ptr<WarehouseDriver> make_sqlite_driver(DriverParts parts) { return std::make_shared<SqliteDriver>(std::move(parts.folders)); }

bool is_sqlite_file(const std::filesystem::path& file) { return sqlite::has_magic(file); }

}  // namespace bridge
