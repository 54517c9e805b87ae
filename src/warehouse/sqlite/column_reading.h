#pragma once

#include <string>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/sqlite/connection.h"
#include "warehouse/sqlite/value_types.h"
#include "warehouse/warehouse.h"

namespace bridge::sqlite {

// Where the values of a column lie.
struct ColumnPlace {
  const CallContext& context;
  Connection& connection;
  std::string table;  // ready for FROM
};

// Sees whether a column's values mean something else than its type says, and fills the fields of `statistics` from `read_as` on, with
// range, average and distinct_count of what they mean:
//   text: dates as 31.01.2001, 01/31/2001, 31/01/2001, 2001/01/31, 20010131; ISO dates among which some are none; numbers with currency
//   signs, percent signs and commas between thousands numbers: 202401, 20240115, seconds, milliseconds and microseconds since 1970 and
//   Julian days, when the name or the declared type says that they are times
// The way is chosen over all values, so that 13/07/2020 decides what 01/02/2020 is.
Result<> find_reading(const ColumnPlace& place, const ColumnInfo& column, const DeclaredType& declared, ColumnStatistics& statistics);

}  // namespace bridge::sqlite
