#pragma once

#include <memory>
#include <vector>

#include "warehouse/warehouse.h"

namespace bridge {

// Every driver of this build; a new one is its folder and one line in driver_list.cpp.
std::vector<std::shared_ptr<WarehouseDriver>> make_warehouse_drivers();

// The engine behind `from:` queries.
std::shared_ptr<LocalQueryEngine> make_local_query_engine();

}  // namespace bridge
