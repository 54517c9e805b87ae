#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "table.h"
#include "warehouse/warehouse.h"

namespace bridge::differential {

// How tables get into an engine: what its folder's test data and driver need is all that a loader does.
struct EngineLoader {
  std::string_view engine;  // the driver's type
  std::string_view dataset;
  // Makes a warehouse that holds the tables, and gives the credentials that open it. Files go into the folder. Throws on failure.
  std::map<std::string, Secret> (*load)(const std::filesystem::path& folder, const std::vector<Table>& tables);
};

// Every engine that takes part. The first is what the others are compared with.
std::span<const EngineLoader> engine_loaders();

struct Engine {
  std::string name;
  std::string dataset;
  std::shared_ptr<Warehouse> warehouse;

  const SqlDialect& dialect() const { return warehouse->dialect(); }
};

// All of them, opened by their drivers over the tables. Throws on failure.
std::vector<Engine> open_engines(const std::filesystem::path& folder, const std::vector<Table>& tables);

// CREATE TABLE and INSERT of all tables in the engine's words; `type_name` is what it calls a column's type.
std::vector<std::string> table_statements(const std::vector<Table>& tables, const SqlDialect& dialect,
                                          std::string_view (*type_name)(ColumnType));

}  // namespace bridge::differential
