#pragma once

#include <vector>

#include "warehouse/duckdb/data_source.h"

namespace bridge::duckdb {

// What is cheaply known of the values of a table that is ready; `look_bytes` is what a dry run says of one look at the whole table.
// Remembered in it, by the budget.
Result<std::vector<ColumnStatistics>> statistics_of(const CallContext& context, Engine& engine, SourceTable& table,
                                                    std::uint64_t look_bytes, const StatisticsBudget& budget);

}  // namespace bridge::duckdb
