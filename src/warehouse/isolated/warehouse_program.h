#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/worker_process/worker_program.h"
#include "warehouse/warehouse.h"

namespace bridge {

// What runs in the workers of isolated warehouses: one program for each driver, in which that opens its engine. For `main()`.
std::vector<WorkerProgram> make_warehouse_programs(const std::vector<std::shared_ptr<WarehouseDriver>>& drivers);

// What runs in the workers of an isolated query engine.
inline constexpr std::string_view kAnswersProgram = "answers";
WorkerProgram make_answers_program(std::shared_ptr<LocalQueryEngine> engine);

// "warehouse:duckdb"
std::string warehouse_program_name(std::string_view driver_type);

}  // namespace bridge
