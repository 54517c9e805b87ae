#include "warehouse/duckdb/column_statistics.h"

namespace bridge::duckdb {

Result<std::vector<ColumnStatistics>> statistics_of(const CallContext&, Engine&, SourceTable& table) {
  std::vector<ColumnStatistics> all;
  for (const ColumnInfo& column : table.info.columns) all.push_back({.column = column.name});
  return all;
}

}  // namespace bridge::duckdb
