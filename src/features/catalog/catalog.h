#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "features/jobs/job.h"
#include "warehouse/warehouse.h"

namespace bridge {

using DatasetId = Id<struct DatasetTag>;
using TableId = Id<struct TableTag>;

enum class ScanStatus : std::uint8_t { pending, running, completed, failed };
BOOST_DESCRIBE_ENUM(ScanStatus, pending, running, completed, failed)

// A schema of a connection, as discovery found it.
struct Dataset {
  DatasetId id;
  ConnectionId connection_id;
  std::string name;
  std::string fully_qualified_name;
  std::string description;
  std::string location;  // DatasetInfo::location; empty until it is discovered again
  std::int64_t table_count = 0;
  JobId catalog_job_id;  // the scan that runs or ran last; empty when there was none
  ScanStatus catalog_job_status = ScanStatus::pending;
  Time discovered_at;
  std::optional<Time> last_scanned_at;
};
BOOST_DESCRIBE_STRUCT(Dataset, (),
                      (id, connection_id, name, fully_qualified_name, description, location, table_count, catalog_job_id,
                       catalog_job_status, discovered_at, last_scanned_at))

// A table or view, as the last scan found it.
struct CatalogTable {
  TableId id;
  DatasetId dataset_id;
  std::string name;
  std::string fully_qualified_name;  // "dataset.table"
  std::string sql_name;              // ready to stand after FROM
  TableType type = TableType::table;
  std::string description;
  std::int64_t row_count = 0;
  std::int64_t size_bytes = 0;
  Time discovered_at;
  std::optional<Time> last_scanned_at;
};
BOOST_DESCRIBE_STRUCT(CatalogTable, (),
                      (id, dataset_id, name, fully_qualified_name, sql_name, type, description, row_count, size_bytes, discovered_at,
                       last_scanned_at))

struct ScanRequest {
  DatasetId dataset_id;
};
BOOST_DESCRIBE_STRUCT(ScanRequest, (), (dataset_id))

// What is known of a column's values; null where it is not known cheaply.
struct SchemaStatistics {
  std::optional<std::int64_t> distinct_count;
  std::optional<double> null_fraction;
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<double> average;
  std::vector<ValueCount> top_values;
  bool exact = false;
  bool sampled = false;
  std::optional<std::int64_t> rows_read;
  std::optional<std::string> text_date_format;
  // See ColumnStatistics.
  std::optional<ReadAs> read_as;
  std::optional<std::string> read_sql;
  std::optional<std::string> read_unit;
  std::optional<std::int64_t> unread_count;
  std::vector<std::string> unread_values;
};
BOOST_DESCRIBE_STRUCT(SchemaStatistics, (),
                      (distinct_count, null_fraction, min, max, average, top_values, exact, sampled, rows_read, text_date_format, read_as,
                       read_sql, read_unit, unread_count, unread_values))

struct SchemaColumn {
  std::string name;
  ColumnType type = ColumnType::text;
  bool nullable = true;
  std::string description;
  bool partitioning = false;
  SchemaStatistics statistics;
};
BOOST_DESCRIBE_STRUCT(SchemaColumn, (), (name, type, nullable, description, partitioning, statistics))

// A table as the agent and the web page read it.
struct TableSchema {
  std::string table;
  std::string sql_name;
  std::string dataset;
  std::string description;
  std::int64_t row_count = 0;
  std::int64_t size_bytes = 0;
  std::string dialect;
  std::int64_t column_count = 0;  // of the table; `columns` may be some of them
  std::vector<TableKey> keys;
  std::vector<SchemaColumn> columns;
  std::vector<std::string> other_columns;  // names of those that are not in `columns`, as many as there is room for
};
BOOST_DESCRIBE_STRUCT(TableSchema, (),
                      (table, sql_name, dataset, description, row_count, size_bytes, dialect, column_count, keys, columns, other_columns))

enum class SearchHitKind : std::uint8_t { table, column };
BOOST_DESCRIBE_ENUM(SearchHitKind, table, column)

// A table or a column whose name or description holds the searched text.
struct SearchHit {
  SearchHitKind kind = SearchHitKind::table;
  ConnectionId connection_id;
  DatasetId dataset_id;
  TableId table_id;
  std::string dataset;
  std::string table;
  std::optional<std::string> column;
  std::optional<ColumnType> type;
  std::string description;
};
BOOST_DESCRIBE_STRUCT(SearchHit, (), (kind, connection_id, dataset_id, table_id, dataset, table, column, type, description))

}  // namespace bridge
