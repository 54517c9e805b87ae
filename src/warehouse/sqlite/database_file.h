#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/sqlite/connection.h"
#include "warehouse/sqlite/scan_estimate.h"
#include "warehouse/sqlite/value_types.h"
#include "warehouse/warehouse.h"

namespace bridge::sqlite {

// The only dataset of a file.
inline constexpr std::string_view dataset_name = "main";

// A table or view of a file. What is constant while the file is open stands first.
struct FileTable {
  std::string name;
  TableType type = TableType::table;
  bool has_rowid = true;
  std::vector<ColumnInfo> columns;  // with their declared types until the table is sampled
  std::vector<DeclaredType> declared;
  std::unordered_map<std::string, std::size_t> positions;  // of its columns, by their names in lower case

  // The rest is found out once, when it is first needed, with the mutex held, which is taken after a connection was borrowed. What a flag
  // says to be known is constant from then on.
  std::mutex mutex;
  std::atomic<bool> is_sampled = false;             // the types of its columns
  std::vector<std::optional<TimestampForm>> forms;  // of its columns; nothing where they hold no moments, or in several forms
  std::atomic<bool> is_measured = false;
  std::int64_t row_count = 0;
  bool is_row_count_exact = false;

  std::mutex statistics_mutex;  // held while they are made, which may take seconds
  std::optional<std::vector<ColumnStatistics>> statistics;
  std::uint64_t statistics_bytes_max = 0;  // the budget that they were made within
};

// A SQLite file, opened at one moment of its life. When it changes, another one is opened. Thread-safe.
class DatabaseFile final : public std::enable_shared_from_this<DatabaseFile>, private ReadableTables {
 public:
  // `file` is canonical. Errors say what a person can do.
  static Result<std::shared_ptr<DatabaseFile>> open(const CallContext& context, const std::filesystem::path& file, std::string version);

  const std::string& version() const { return version_; }

  Result<> ping(const CallContext& context);
  DatasetInfo dataset() const;
  std::vector<TableName> list_tables() const;
  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::span<const std::string> names);
  // not_found with the nearest name when there is no such table.
  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view table,
                                                          const StatisticsBudget& budget);
  Result<SqlReads> check_sql(const CallContext& context, const std::string& sql);
  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query);
  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink);

 private:
  // Gives the connection back when it goes out of scope.
  class Lease {
   public:
    Lease(std::shared_ptr<DatabaseFile> file, std::unique_ptr<Connection> connection)
        : file_(std::move(file)), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease(const Lease&) = delete;
    ~Lease() {
      if (connection_) file_->give_back(std::move(connection_));
    }
    Connection* operator->() const { return connection_.get(); }
    Connection& operator*() const { return *connection_; }

   private:
    std::shared_ptr<DatabaseFile> file_;
    std::unique_ptr<Connection> connection_;
  };

  DatabaseFile() = default;
  // Waits for a free connection until the call's deadline.
  Result<Lease> borrow(const CallContext& context);
  void give_back(std::unique_ptr<Connection> connection) noexcept;

  bool is_readable(std::string_view table) const override;
  bool is_hidden(std::string_view table) const override;
  std::vector<std::string> table_names() const override;
  std::vector<std::string> column_names(std::string_view sql) const override;

  Result<> read_tables(const CallContext& context, Connection& connection);
  FileTable* find(std::string_view name) const;
  // Looks at the first rows to see what its columns hold. Never fails for the table: what cannot be read stays as it was declared.
  Result<> sample(const CallContext& context, Connection& connection, FileTable& table);
  Result<> measure(const CallContext& context, Connection& connection, FileTable& table);
  // Of a table's or an index's own pages; the whole file where counting them takes too long.
  Result<std::uint64_t> tree_bytes(const CallContext& context, Connection& connection, const std::string& name);
  Result<std::vector<AnswerColumn>> answer_columns(const CallContext& context, Connection& connection, sqlite3_stmt* statement,
                                                   const std::string& sql);
  // That of the moments that the statement reads, if they are all written in the same.
  TimestampForm timestamp_form(const Connection& connection, const std::string& sql) const;
  Result<ScanEstimate> scanned_bytes(const CallContext& context, Connection& connection, const std::string& sql);
  // The tables of a guarded statement that USING or NATURAL joins, views' own among them; sql_not_allowed where one may not be read.
  Result<std::vector<std::string>> joined_tables(Connection& connection, const std::string& sql) const;
  // Where nothing is locked a writer may have come meanwhile: then what was read is worth nothing.
  Result<> check_unchanged() const;

  std::filesystem::path path_;
  std::string version_;
  bool is_immutable_ = false;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t page_bytes_ = 0;
  std::map<std::string, std::unique_ptr<FileTable>> tables_;  // by the name in lower case
  std::set<std::string> hidden_;                              // tables that may not be read, in lower case
  struct Tree {
    std::string name;   // of the table or index
    std::string table;  // that it belongs to
  };
  std::map<std::int64_t, Tree> trees_;  // by their root page

  std::mutex sizes_mutex_;
  std::map<std::string, std::uint64_t> sizes_;  // of trees, as far as they were asked for

  std::mutex mutex_;
  std::condition_variable_any connection_is_free_;
  std::vector<std::unique_ptr<Connection>> free_;
  std::size_t connections_ = 0;
};

// What identifies the file's present content: size, time, inode, SQLite's own count of changes, and what other programs keep beside it
// while they write. Fails when there is no such file, it may not be read or is no SQLite file.
Result<std::string> file_version(const std::filesystem::path& file);

// Whether the file begins as SQLite files do.
bool has_magic(const std::filesystem::path& file);

}  // namespace bridge::sqlite
