#pragma once

#include <string>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/postgres/session.h"
#include "warehouse/postgres/value_types.h"
#include "warehouse/warehouse.h"

namespace bridge::postgres {

// Where the values of a column lie. Nothing that is asked there fails on a value, which would end the transaction.
struct ColumnPlace {
  const CallContext& context;
  Session& session;
  std::string from;  // ready for FROM, with a sample's words where it is one
};

// Sees whether a column's values mean something else than its type says, and fills the fields of `statistics` from `read_as` on, with
// range, average and distinct_count of what they mean:
//   text: dates, moments, durations, and numbers with signs of currencies, per cent and groups of digits
//   numbers: 202401, 20240115, and seconds, milliseconds or microseconds since 1970 where the name says that they are times; numbers among
//   which some are not finite
//   intervals and times of day: seconds
// The way is chosen over all values, so that 13/07/2020 decides what 01/02/2020 is.
Result<> find_reading(const ColumnPlace& place, const ColumnInfo& column, const ValueType& type, ColumnStatistics& statistics);

}  // namespace bridge::postgres
