#pragma once

#include <string>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/warehouse.h"

namespace bridge::duckdb {

// Where the values of a column lie.
struct ColumnPlace {
  Session& session;
  const CallContext& context;
  std::string table;   // ready for FROM
  std::string sample;  // TABLESAMPLE …, or empty
};

// Sees whether a column's values mean something else than its type says, and fills the fields of `statistics` from `read_as` on, with
// range, average and distinct_count of what they mean:
//   text: dates in one of many formats, ISO moments with a zone, numbers with currency signs, thousands or a decimal comma, durations;
//   words for "no value" (NA, N/A, -, unknown) and a few that cannot be read are counted, not read
//   whole numbers: 202401, 20240115 and moments since 1970, when the name says that they are times
//   TIME and INTERVAL: seconds
//   floating point: among which some are NaN or infinite
// The format is chosen over all values, so that 13/07/20 decides what 01/02/20 is.
Result<> find_reading(const ColumnPlace& place, const ColumnInfo& column, ColumnStatistics& statistics);

}  // namespace bridge::duckdb
