#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/query_result.h"

namespace bridge::duckdb {

// What reading one column of one part of a table costs, and the range of its values where the storage knows it.
struct ColumnPart {
  std::uint64_t bytes = 0;
  std::optional<std::string> min;
  std::optional<std::string> max;
};

// How the bytes of a table lie: rows in groups that a filter may skip, and columns within them.
struct TableLayout {
  std::string table;                            // as plans name it
  std::vector<std::string> columns;             // lower case
  std::vector<ColumnType> types;                // of the columns
  std::vector<std::vector<ColumnPart>> groups;  // [group][column]
  std::uint64_t overhead_bytes = 0;             // read by every query: a footer, a header
  bool reads_whole_rows = false;                // text files: every column of every row is read
};

struct ScanEstimate {
  std::uint64_t bytes = 0;
  std::vector<std::string> operators;  // of the plan
};

// An upper bound of what a plan (EXPLAIN FORMAT json) reads from `tables`, all that its query names. A table that the plan does not scan
// counts with its overhead; a scan that fits several tables counts as the dearest.
ScanEstimate estimate_scan(std::string_view plan_json, const std::vector<const TableLayout*>& tables);

}  // namespace bridge::duckdb
