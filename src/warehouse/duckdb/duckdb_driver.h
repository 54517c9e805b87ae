#pragma once

#include <memory>

#include "warehouse/warehouse.h"

namespace bridge {

// Opens a DuckDB file, or a folder (or one file) of Parquet, CSV, TSV, JSON and NDJSON files, read-only.
std::shared_ptr<WarehouseDriver> make_duckdb_driver();

}  // namespace bridge
