#pragma once

#include <memory>

#include "warehouse/driver_parts.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Opens a DuckDB file, or a folder (or one file) of Parquet, CSV, TSV, JSON and NDJSON files, read-only.
std::shared_ptr<WarehouseDriver> make_duckdb_driver(DriverParts parts = {});

// Loads DuckDB's library now, which otherwise happens when something is opened for the first time. unavailable when it cannot be.
Result<> load_duckdb();

}  // namespace bridge
