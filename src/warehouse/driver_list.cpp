#include "warehouse/driver_list.h"

#include "warehouse/duckdb/duckdb_driver.h"
#include "warehouse/duckdb/local_query_engine.h"
#include "warehouse/isolated/warehouse_program.h"
#include "warehouse/postgres/postgres_driver.h"
#include "warehouse/sqlite/sqlite_driver.h"

namespace bridge {

std::vector<std::shared_ptr<WarehouseDriver>> make_warehouse_drivers(const DriverParts& parts) {
  return {
      make_duckdb_driver(parts),
      make_sqlite_driver(parts),
      make_postgres_driver(parts),
  };
}

std::vector<WorkerProgram> make_engine_programs() {
  auto drivers = make_warehouse_drivers({.limits = {.is_alone_in_process = true}});
  std::erase_if(drivers, [](const auto& driver) { return !driver->is_of_this_machine(); });
  auto programs = make_warehouse_programs(drivers);
  programs.push_back(make_answers_program(make_local_query_engine()));
  return programs;
}

std::shared_ptr<LocalQueryEngine> make_local_query_engine() { return make_duckdb_local_query_engine(); }

}  // namespace bridge
