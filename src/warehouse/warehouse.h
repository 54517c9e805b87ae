#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "base/result.h"
#include "platform/network/allowed_networks.h"
#include "warehouse/query_result.h"
#include "warehouse/sql_dialect.h"
#include "warehouse/sql_guard.h"

namespace bridge {

// A typed value bound to a placeholder. Date and Timestamp are different from text, so that engines compare them as such.
struct Date {
  std::string text;  // "2001-01-31"
};
struct Timestamp {
  std::string text;  // RFC 3339, UTC
};
// A number that neither 64 bits nor a double hold: digits with an optional sign and point, at most kDecimalDigitsMax of them.
struct Decimal {
  std::string text;  // "-12345678901234567890.25"
};
inline constexpr std::size_t kDecimalDigitsMax = 38;
using SqlValue = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Date, Timestamp, Decimal>;

// One statement with positional placeholders in the engine's own style, and their values.
struct BoundQuery {
  std::string sql;
  std::vector<SqlValue> values;
};

// The type that a value is bound as; of null, the type that is asked for.
ColumnType type_of(const SqlValue& value, ColumnType of_null = ColumnType::text);

struct DatasetInfo {
  std::string name;  // a schema
  std::string description;
  std::string location;  // the region that its data is kept in, as the engine names it; "local" on the server's machine
  std::int64_t table_count = 0;
};
BOOST_DESCRIBE_STRUCT(DatasetInfo, (), (name, description, location, table_count))

// external: the engine reads it where it lies, outside of its own storage.
enum class TableType : std::uint8_t { table, view, materialized_view, external };
BOOST_DESCRIBE_ENUM(TableType, table, view, materialized_view, external)

// What is known of a table without looking at it.
struct TableName {
  std::string name;
  std::string sql_name;  // quoted where needed, ready to stand after FROM
  TableType type = TableType::table;
};
BOOST_DESCRIBE_STRUCT(TableName, (), (name, sql_name, type))

// Tables that are described in one call.
inline constexpr std::size_t kTablesDescribedAtOnceMax = 500;

struct ColumnInfo {
  std::string name;
  ColumnType type = ColumnType::text;
  std::string engine_type;  // "DECIMAL(18,2)"
  bool nullable = true;
  std::string description;
  bool partitioning = false;
};
BOOST_DESCRIBE_STRUCT(ColumnInfo, (), (name, type, engine_type, nullable, description, partitioning))

// The primary key of a table, or columns whose values are those of another table's: a row has one there, or none.
struct TableKey {
  std::vector<std::string> columns;
  std::string references;  // the other table's sql_name; empty: this is the primary key
  std::vector<std::string> referenced_columns;
};
BOOST_DESCRIBE_STRUCT(TableKey, (), (columns, references, referenced_columns))

struct TableInfo {
  std::string dataset;
  std::string name;
  std::string sql_name;  // quoted where needed, ready to stand after FROM
  TableType type = TableType::table;
  std::string description;
  std::int64_t row_count = 0;
  std::int64_t size_bytes = 0;
  std::vector<ColumnInfo> columns;
  std::vector<TableKey> keys;  // the primary one first; none where the engine keeps none
};
BOOST_DESCRIBE_STRUCT(TableInfo, (), (dataset, name, sql_name, type, description, row_count, size_bytes, columns, keys))

struct ValueCount {
  std::string value;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(ValueCount, (), (value, count))

// What the values of a column are to be read as where its type does not say so.
enum class ReadAs : std::uint8_t { number, seconds, date, timestamp };
BOOST_DESCRIBE_ENUM(ReadAs, number, seconds, date, timestamp)

// What is cheaply known of a column's values. `exact` is false when it comes from some of the rows or from a sketch.
struct ColumnStatistics {
  std::string column;
  std::optional<std::int64_t> distinct_count;
  std::optional<double> null_fraction;
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<double> average;
  std::vector<ValueCount> top_values;  // commonest first, at most 20; only of columns with few values (or a few samples of text columns)
  bool exact = false;
  bool sampled = false;                         // of some of the rows
  std::optional<std::int64_t> rows_read;        // how many
  std::optional<std::string> text_date_format;  // of text that holds dates, as strptime takes it: "%b %d %Y"

  // Of a column whose values mean something else than its type says: numbers, dates and durations written as text, dates and moments
  // written as whole numbers, numbers among which some are not finite. Range, average and distinct_count are then of what `read_sql` gives.
  std::optional<ReadAs> read_as;
  std::optional<std::string> read_sql;       // an expression of that type, NULL for what it does not read
  std::optional<std::string> read_unit;      // that is written beside the numbers: "$", "€", "%"
  std::optional<std::int64_t> unread_count;  // values (no nulls) that it does not read
  std::vector<std::string> unread_values;    // the commonest of them
};
BOOST_DESCRIBE_STRUCT(ColumnStatistics, (),
                      (column, distinct_count, null_fraction, min, max, average, top_values, exact, sampled, rows_read, text_date_format,
                       read_as, read_sql, read_unit, unread_count, unread_values))

// What statistics of a table may read, all looks at it together, as dry runs tell before it is read. Within it all values are read; a table
// that is larger is sampled where the engine can, and of one that is too large even for that nothing is read: its columns come without
// values, with 0 rows read.
struct StatisticsBudget {
  std::uint64_t scanned_bytes_max = std::numeric_limits<std::uint64_t>::max();
};

// How near a dry run is to what the run reads: the same number; never less than it; or near it, on either side.
enum class ScanAccuracy : std::uint8_t { exact, upper_bound, estimate };
BOOST_DESCRIBE_ENUM(ScanAccuracy, exact, upper_bound, estimate)

struct DryRun {
  std::uint64_t bytes_scanned = 0;
  ScanAccuracy accuracy = ScanAccuracy::estimate;  // of bytes_scanned
  double estimated_cost_usd = 0;
  std::vector<ColumnName> columns;  // of the answer
  std::vector<std::string> tables;  // that it reads
};

struct ExecuteLimits {
  std::size_t rows_max = 5'000;
  std::size_t result_bytes_max = 32 << 20;  // of all batches together
  // The engine's own cap, where it has one. One that has none looks at its own dry run of the data as it is now, which may not be what it
  // was at the caller's. resource_exhausted ("scan_too_large") when it is over the cap.
  std::optional<std::uint64_t> scanned_bytes_max;
};

struct Streamed {
  std::size_t row_count = 0;
  bool truncated = false;  // a row or byte limit cut the answer off
};

// Refuses what an engine without a cap of its own would read beyond `limits.scanned_bytes_max`.
Result<> check_scanned_bytes(std::uint64_t bytes_scanned, const ExecuteLimits& limits);

// The whole answer of what streams into a sink: `run(sink)` gives Result<Streamed>.
template <class Run>
Result<QueryResult> collect_answer(const Run& run) {
  BatchCollector collector;
  const Streamed streamed = TRY(run(collector));
  collector.result.truncated = streamed.truncated;
  return std::move(collector.result);
}

// One open connection to a team's warehouse, read-only. Thread-safe. Calls block until done, or return cancelled / deadline_exceeded when
// `context` says so, and then the engine has stopped working on it too. It is the guard of its own SQL: what check_sql() refuses, it
// neither dry-runs nor runs.
class Warehouse : public SqlGuard {
 public:
  virtual const SqlDialect& dialect() const = 0;
  // Nobody pays for what is read of it.
  virtual bool is_reading_free() const = 0;

  // Proves that the warehouse can be reached and read.
  virtual Result<> ping(const CallContext& context) = 0;
  // What whoever signs in could do there beyond reading, and how it is taken away, one sentence each; none when it can only read.
  // Not said by an engine that knows no rights.
  virtual Result<std::optional<std::vector<std::string>>> check_rights(const CallContext&) { return std::nullopt; }
  virtual Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) = 0;
  // Tables and views, by their names; nothing is read of them. not_found when there is no such dataset.
  virtual Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view dataset) = 0;
  // Those of a dataset with their columns, rows and bytes, in the order of `names`, at most kTablesDescribedAtOnceMax of them. What is not
  // there, or cannot be read as a table, is left out. not_found when there is no such dataset.
  virtual Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view dataset,
                                                         std::span<const std::string> names) = 0;
  virtual Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset,
                                                                  std::string_view table, const StatisticsBudget& budget) = 0;

  // Guards the SQL, and says what it would scan without running it.
  virtual Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) = 0;

  // Guards and runs; the rows go to the sink batch by batch, on the calling thread. The caller has dry-run the same text under its cap
  // before. Returns whether a limit cut the answer off.
  virtual Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) = 0;

  // The same as one answer.
  Result<QueryResult> execute(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits);
  // The first of a dataset's tables, described page by page.
  Result<std::vector<TableInfo>> describe_all_tables(const CallContext& context, std::string_view dataset, std::size_t tables_max = 10'000);
};

// How a form asks for a field, and what its text has to be: a number, one of `choices`, "true" or "false".
enum class FieldType : std::uint8_t { text, file, choice, number, toggle };
BOOST_DESCRIBE_ENUM(FieldType, text, file, choice, number, toggle)

struct CredentialField {
  std::string name;
  std::string about;
  FieldType type = FieldType::text;  // of a file the content is what is stored
  bool secret = false;
  bool required = true;
  std::string default_value;  // taken when nothing is given
  std::vector<std::string> choices;
  std::optional<double> minimum;  // of numbers
  std::optional<double> maximum;
  // Whether it says which warehouse this is, or how far the way there is trusted (a host, a port, a path, an account, TLS). A secret that
  // was given for one place is never sent to another: with such a field the secrets change too.
  bool where_it_is = false;
  // Whether it says what other fields do (WarehouseDriver::spelled_out): where it is given, none of those has to be.
  bool says_others = false;
};
BOOST_DESCRIBE_STRUCT(CredentialField, (),
                      (name, about, type, secret, required, default_value, choices, minimum, maximum, where_it_is, says_others))

// Says what identifies the data's present content, cheaply and without opening anything: while it is equal, so are the answers.
// Thread-safe, holds no secret.
using DataVersion = std::function<Result<std::string>()>;

// What an engine has to be let do where it runs in a process of its own, behind walls (warehouse/isolated).
struct IsolationNeeds {
  std::vector<std::string> readable_paths;  // whole paths of files and folders, some of which may not be there
  bool writes_temporary_files = false;
};

// The steps in which a connection is proven, in their order. Opening takes some of the first five; what reads its data is the same for all.
enum class ConnectionStep : std::uint8_t { open, resolve, connect, tls, sign_in, rights, list, dry_run, read_row };
BOOST_DESCRIBE_ENUM(ConnectionStep, open, resolve, connect, tls, sign_in, rights, list, dry_run, read_row)

// Beside the credentials.
struct Opening {
  NamedBy named_by = NamedBy::team;
  // Hears which step is under way, on the calling thread: the one before it is done. A step that is told again was the one that failed.
  // None: nobody listens.
  std::function<void(ConnectionStep)> on_step;

  void tell(ConnectionStep step) const {
    if (on_step) on_step(step);
  }
};

// A kind of warehouse, described as data, and the way to open one.
class WarehouseDriver {
 public:
  virtual ~WarehouseDriver() = default;
  virtual std::string type() const = 0;   // "duckdb"
  virtual std::string title() const = 0;  // for people
  virtual std::vector<CredentialField> fields() const = 0;
  // Known without opening anything, so that cached answers can be found while the warehouse is down.
  virtual const SqlDialect& dialect() const = 0;

  // Credentials in which every field stands by itself, from those that say several in one, such as an address with a user and a password.
  // invalid_argument with violations.
  virtual Result<std::map<std::string, Secret>> spelled_out(std::map<std::string, Secret> credentials) const { return credentials; }

  // Refuses fields of which no warehouse could be opened, without opening one: invalid_argument with violations.
  virtual Result<> check_fields(const std::map<std::string, Secret>&) const { return {}; }

  // `credentials` holds only known fields, all required ones among them, all text. Errors say what a person can do about it; the first
  // violation is about the field to change.
  virtual Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials,
                                                  const Opening& opening) = 0;
  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials) {
    return open(context, credentials, {});
  }
  // Nothing when its engines cannot say; then answers are as old as they may be.
  virtual DataVersion data_version(const std::map<std::string, Secret>&) const { return {}; }

  // Whether its engines run in Bridge's own processes and read files of the server's machine. Those are walled in.
  virtual bool is_of_this_machine() const { return false; }
  // Loads what all engines of this kind share. Starts no thread.
  virtual Result<> load() const { return {}; }
  // Looks at the credentials as open() does, with its errors. unsupported where engines of this kind are not to be walled in.
  virtual Result<IsolationNeeds> isolation_needs(const std::map<std::string, Secret>&) const {
    return fail(ErrorCode::unsupported, "This kind of warehouse does not run in a process of its own");
  }
};

// A private engine without any file or network, for queries over answers (`from:`). Thread-safe.
class LocalQueryEngine {
 public:
  virtual ~LocalQueryEngine() = default;
  // Loads what it needs, without opening it. Starts no thread.
  virtual Result<> load() const { return {}; }
  virtual const SqlDialect& dialect() const = 0;
  // Runs one guarded read-only statement over the named results as tables.
  virtual Result<QueryResult> execute(const CallContext& context, const BoundQuery& query,
                                      const std::map<std::string, const QueryResult*>& tables, const ExecuteLimits& limits) = 0;
};

}  // namespace bridge
