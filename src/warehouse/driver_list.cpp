#include "warehouse/driver_list.h"

#include "warehouse/duckdb/duckdb_driver.h"
#include "warehouse/duckdb/local_query_engine.h"
#include "warehouse/sqlite/sqlite_driver.h"

namespace bridge {

std::vector<std::shared_ptr<WarehouseDriver>> make_warehouse_drivers(const DriverParts& parts) {
  return {
      make_duckdb_driver(parts),
      make_sqlite_driver(parts),
  };
}

std::shared_ptr<LocalQueryEngine> make_local_query_engine() { return make_duckdb_local_query_engine(); }

}  // namespace bridge
