#pragma once

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
#include "warehouse/query_result.h"

namespace bridge {

// A typed value bound to a placeholder. Date and Timestamp are different from text, so that engines compare them as such.
struct Date {
  std::string text;  // "2001-01-31"
};
struct Timestamp {
  std::string text;  // RFC 3339, UTC
};
using SqlValue = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Date, Timestamp>;

// One statement with positional placeholders in the engine's own style, and their values.
struct BoundQuery {
  std::string sql;
  std::vector<SqlValue> values;
};

// How an engine writes the few things that Bridge itself adds to a query.
struct SqlDialect {
  std::string name;                // "duckdb"
  std::string placeholder_prefix;  // "$": placeholders are $1, $2, …
  char identifier_quote = '"';
};
std::string quote_identifier(const SqlDialect& dialect, std::string_view name);

struct DatasetInfo {
  std::string name;  // a schema
  std::string description;
  std::int64_t table_count = 0;
};
BOOST_DESCRIBE_STRUCT(DatasetInfo, (), (name, description, table_count))

struct ColumnInfo {
  std::string name;
  ColumnType type = ColumnType::text;
  std::string engine_type;  // "DECIMAL(18,2)"
  bool nullable = true;
  std::string description;
  bool partitioning = false;
};
BOOST_DESCRIBE_STRUCT(ColumnInfo, (), (name, type, engine_type, nullable, description, partitioning))

struct TableInfo {
  std::string dataset;
  std::string name;
  std::string sql_name;  // quoted where needed, ready to stand after FROM
  std::string description;
  std::int64_t row_count = 0;
  std::int64_t size_bytes = 0;
  std::vector<ColumnInfo> columns;
};
BOOST_DESCRIBE_STRUCT(TableInfo, (), (dataset, name, sql_name, description, row_count, size_bytes, columns))

struct ValueCount {
  std::string value;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(ValueCount, (), (value, count))

// What is cheaply known of a column's values. `exact` is false when it comes from a sample or a sketch.
struct ColumnStatistics {
  std::string column;
  std::optional<std::int64_t> distinct_count;
  std::optional<double> null_fraction;
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<double> average;
  std::vector<ValueCount> top_values;  // commonest first, at most 20; only of columns with few values (or a few samples of text columns)
  bool exact = false;
  std::optional<std::string> text_date_format;  // of text that holds dates, as strptime takes it: "%b %d %Y"
};
BOOST_DESCRIBE_STRUCT(ColumnStatistics, (), (column, distinct_count, null_fraction, min, max, average, top_values, exact, text_date_format))

struct DryRun {
  std::uint64_t bytes_scanned = 0;  // an upper bound
  double estimated_cost_usd = 0;
  std::vector<ColumnName> columns;  // of the answer
  std::vector<std::string> tables;  // that it reads
};

struct ExecuteLimits {
  std::size_t rows_max = 5'000;
  std::size_t result_bytes_max = 32 << 20;
};

// One open connection to a team's warehouse, read-only. Thread-safe. Calls block until done, or return cancelled / deadline_exceeded when
// `context` says so, and then the engine has stopped working on it too.
class Warehouse {
 public:
  virtual ~Warehouse() = default;
  virtual const SqlDialect& dialect() const = 0;

  // Proves that the warehouse can be reached and read.
  virtual Result<> ping(const CallContext& context) = 0;
  virtual Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) = 0;
  // Tables and views with their columns. not_found when there is no such dataset.
  virtual Result<std::vector<TableInfo>> list_tables(const CallContext& context, std::string_view dataset) = 0;
  virtual Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset,
                                                                  std::string_view table) = 0;

  // Guards the SQL by its parse tree, and says what it would scan without running it. invalid_argument with violations (reason
  // "sql_not_allowed" or "sql_invalid", line and column in the SQL where known) when it is not one plain read-only statement.
  virtual Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) = 0;

  // Guards and runs. The caller has dry-run the same text under its cap before.
  virtual Result<QueryResult> execute(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) = 0;
};

struct CredentialField {
  std::string name;
  std::string about;
  bool secret = false;
  bool required = true;
};
BOOST_DESCRIBE_STRUCT(CredentialField, (), (name, about, secret, required))

// A kind of warehouse, described as data, and the way to open one.
class WarehouseDriver {
 public:
  virtual ~WarehouseDriver() = default;
  virtual std::string type() const = 0;   // "duckdb"
  virtual std::string title() const = 0;  // for people
  virtual std::vector<CredentialField> fields() const = 0;
  // Known without opening anything, so that cached answers can be found while the warehouse is down.
  virtual const SqlDialect& dialect() const = 0;

  // `credentials` holds only known fields, all required ones among them, all text. Errors say what a person can do about it.
  virtual Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials) = 0;
};

// A private engine without any file or network, for queries over answers (`from:`). Thread-safe.
class LocalQueryEngine {
 public:
  virtual ~LocalQueryEngine() = default;
  virtual const SqlDialect& dialect() const = 0;
  // Runs one guarded read-only statement over the named results as tables.
  virtual Result<QueryResult> execute(const CallContext& context, const BoundQuery& query,
                                      const std::map<std::string, const QueryResult*>& tables, const ExecuteLimits& limits) = 0;
};

}  // namespace bridge
