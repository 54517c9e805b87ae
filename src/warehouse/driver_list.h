#pragma once

#include <memory>
#include <vector>

#include "platform/worker_process/worker_program.h"
#include "warehouse/driver_parts.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Every driver of this build, each with the parts that it works with; a new one is its folder and one line in driver_list.cpp.
std::vector<std::shared_ptr<WarehouseDriver>> make_warehouse_drivers(const DriverParts& parts = {});

// What runs in worker processes: the engines of this machine. For `main()`.
std::vector<WorkerProgram> make_engine_programs();

// The engine behind `from:` queries.
std::shared_ptr<LocalQueryEngine> make_local_query_engine();

}  // namespace bridge
