#pragma once

#include <vector>

#include "warehouse/duckdb/data_source.h"

namespace bridge::duckdb {

// What is cheaply known of the columns of a table that is ready. Remembered in the table.
Result<std::vector<ColumnStatistics>> statistics_of(const CallContext& context, Engine& engine, SourceTable& table);

}  // namespace bridge::duckdb
