#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace bridge::postgres {

// A schema and a table or an index in it.
using RelationName = std::pair<std::string, std::string>;

// A look at a table, as the planner means to take it.
struct ScanNode {
  RelationName table;
  std::string index;     // empty: the table itself
  double rows = 0;       // that it finds, all repetitions together
  bool is_whole = true;  // every page is read
};

struct ScanPlan {
  std::vector<ScanNode> scans;
  // What of the statement the planner knows no size of: foreign tables and functions.
  std::vector<std::string> unknown;
};

// The looks of what EXPLAIN (FORMAT JSON, VERBOSE) gave. data_loss when it is not that.
Result<ScanPlan> read_plan(std::string_view explained);

// Bytes on the server's disk, of tables with what is stored beside their rows (TOAST), of indexes without their table.
using RelationSizes = std::map<RelationName, std::uint64_t>;

// At most the size of each table and index is read of it in a look, or a page a row that an index finds. An estimate: the planner's counts
// of rows come from statistics, and pages may be read more than once, or come from the server's memory.
std::uint64_t estimate_bytes(const ScanPlan& plan, const RelationSizes& sizes);

}  // namespace bridge::postgres
