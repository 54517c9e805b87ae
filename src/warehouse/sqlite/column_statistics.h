#pragma once

#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/sqlite/connection.h"
#include "warehouse/warehouse.h"

namespace bridge::sqlite {

struct FileTable;

// What the columns of a table hold: of every value where the table is small, of rows spread over it where it is large or where looking at
// all takes too long; then `exact` is false. Dates, moments and numbers that the type hides are read too (`read_as`, `read_sql`).
// The table is sampled and measured, and its mutex held.
// What reading costs, and may cost.
struct StatisticsCost {
  std::uint64_t look_bytes = 0;  // of one look at all rows, as a dry run tells
  std::uint64_t page_bytes = 0;
  std::uint64_t bytes_max = 0;  // of all looks together
};

Result<std::vector<ColumnStatistics>> statistics_of(const CallContext& context, Connection& connection, const FileTable& table,
                                                    const StatisticsCost& cost);

}  // namespace bridge::sqlite
