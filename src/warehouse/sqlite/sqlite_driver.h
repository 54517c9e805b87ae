#pragma once

#include <filesystem>
#include <memory>

#include "warehouse/driver_parts.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Opens a SQLite file, read-only.
std::shared_ptr<WarehouseDriver> make_sqlite_driver(DriverParts parts = {});

// Whether the file begins as SQLite files do; false when it cannot be read.
bool is_sqlite_file(const std::filesystem::path& file);

}  // namespace bridge
