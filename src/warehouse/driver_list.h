#pragma once

#include <memory>
#include <vector>

#include "warehouse/driver_parts.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Every driver of this build, each with the parts that it works with; a new one is its folder and one line in driver_list.cpp.
std::vector<std::shared_ptr<WarehouseDriver>> make_warehouse_drivers(const DriverParts& parts = {});

// The engine behind `from:` queries.
std::shared_ptr<LocalQueryEngine> make_local_query_engine();

}  // namespace bridge
