#pragma once

#include <memory>

#include "warehouse/driver_parts.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Connects to a PostgreSQL server, 13 or later, by libpq. Its datasets are the schemas of one database.
std::shared_ptr<WarehouseDriver> make_postgres_driver(DriverParts parts = {});

}  // namespace bridge
