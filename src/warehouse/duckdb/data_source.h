#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "platform/work/lru_cache.h"
#include "warehouse/driver_parts.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/duckdb/scan_estimate.h"
#include "warehouse/duckdb/sql_guard.h"
#include "warehouse/warehouse.h"

namespace bridge::duckdb {

// What a table comes from.
enum class TableFormat : std::uint8_t { parquet, csv, json, database_table, database_view };

// A table of a data source. Those of a folder are made when they are first needed.
struct SourceTable {
  std::string dataset;
  std::string name;
  TableFormat format = TableFormat::parquet;
  std::filesystem::path file;  // of a folder's table
  std::uint64_t file_bytes = 0;
  std::string view_sql;  // the statement that made a view

  // Under `mutex` until `is_ready`; constant after it.
  std::mutex mutex;
  bool is_ready = false;
  std::optional<Error> failure;  // the file is not a table, or cannot be read
  TableInfo info;
  TableLayout layout;

  std::mutex statistics_mutex;  // held while they are made, so that they are made once
  std::optional<std::vector<ColumnStatistics>> statistics;
  std::uint64_t statistics_bytes_max = 0;  // the budget that they were made within
};

// A query that was guarded before, and what is known of it.
struct AnalysedQuery {
  std::vector<SourceTable*> tables;
  SqlReads reads;
  LruCache<std::string, DryRun> dry_runs{{.entries_max = analysed_values_max}};  // by the values
};

// A DuckDB file, a folder of files or one file, opened at one moment of its life. When the files change, another one is opened.
// Thread-safe.
class DataSource final {
 public:
  // `path` is canonical. Errors say what a person can do.
  static Result<std::shared_ptr<DataSource>> open(const CallContext& context, const std::filesystem::path& path, std::string version,
                                                  const DriverLimits& limits);

  const std::string& version() const { return version_; }
  Engine& engine() { return *engine_; }

  std::vector<DatasetInfo> datasets();
  // Those of a dataset that are not known to be none; not_found when there is no such dataset.
  Result<std::vector<TableName>> table_names(std::string_view dataset);
  // The named tables of a dataset, ready to be queried and in that order, but for those that cannot be read; not_found when there is no
  // such dataset.
  Result<std::vector<SourceTable*>> tables(const CallContext& context, std::string_view dataset, std::span<const std::string> names);
  // Ready to be queried. not_found with the nearest name when there is no such table.
  Result<SourceTable*> table(const CallContext& context, std::string_view dataset, std::string_view name);

  // Guards the SQL and makes the tables that it names ready. Remembered by the SQL's text.
  Result<std::shared_ptr<AnalysedQuery>> analyse(const CallContext& context, const StatementGuard& guard, const std::string& sql);
  Result<DryRun> dry_run(const CallContext& context, const StatementGuard& guard, const BoundQuery& query);
  // Of a look at all values of a table that is ready.
  Result<DryRun> dry_run_of_table(const CallContext& context, SourceTable& table);

 private:
  DataSource() = default;

  Result<> open_database(const CallContext& context, const std::filesystem::path& path, const DriverLimits& limits);
  Result<> open_files(const CallContext& context, const std::filesystem::path& path, const DriverLimits& limits);
  Result<> make_ready(const CallContext& context, SourceTable& table);
  Result<> load(const CallContext& context, SourceTable& table);
  Result<> check_view(const CallContext& context, const SourceTable& view);
  Result<> read_database_tables(const CallContext& context);
  Result<SourceTable*> resolve(const TableReference& reference);
  Result<DryRun> estimate(const CallContext& context, AnalysedQuery& analysed, const BoundQuery& query);

  std::string version_;
  std::string catalog_;  // what DuckDB calls the database
  std::shared_ptr<Engine> engine_;
  std::vector<std::unique_ptr<SourceTable>> tables_;
  std::map<std::string, std::map<std::string, SourceTable*, std::less<>>, std::less<>> by_name_;  // by dataset and name

  LruCache<std::string, std::shared_ptr<AnalysedQuery>> analysed_{{.entries_max = analysed_queries_max}};
};

// What identifies the files' present content: sizes and times. Errors: there is nothing there, or it may not be read.
Result<std::string> data_version(const std::filesystem::path& path);

}  // namespace bridge::duckdb
