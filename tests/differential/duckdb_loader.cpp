#include "loaders.h"
#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/duckdb/test_data.h"

namespace bridge::differential {

namespace {

std::string_view type_name(ColumnType type) {
  switch (type) {
    case ColumnType::boolean: return "BOOLEAN";
    case ColumnType::integer: return "BIGINT";
    case ColumnType::decimal: return "DECIMAL(18, 2)";
    case ColumnType::number: return "DOUBLE";
    case ColumnType::date: return "DATE";
    case ColumnType::timestamp: return "TIMESTAMP";
    default: return "VARCHAR";
  }
}

}  // namespace

std::map<std::string, Secret> load_duckdb(const std::filesystem::path& folder, const std::vector<Table>& tables) {
  const std::filesystem::path file = folder / "tables.duckdb";
  duckdb::run_in_duckdb(file, table_statements(tables, duckdb_dialect(), &type_name));
  return {{"path", Secret(file.string())}};
}

}  // namespace bridge::differential
