#include "loaders.h"
#include "warehouse/sqlite/sqlite_dialect.h"
#include "warehouse/sqlite/test_data.h"

namespace bridge::differential {

namespace {

std::string_view type_name(ColumnType type) {
  switch (type) {
    case ColumnType::boolean: return "BOOLEAN";
    case ColumnType::integer: return "INTEGER";
    case ColumnType::decimal: return "DECIMAL(18, 2)";
    case ColumnType::number: return "REAL";
    case ColumnType::date: return "DATE";
    case ColumnType::timestamp: return "TIMESTAMP";
    default: return "TEXT";
  }
}

}  // namespace

std::map<std::string, Secret> load_sqlite(const std::filesystem::path& folder, const std::vector<Table>& tables) {
  const std::filesystem::path file = folder / "tables.sqlite";
  sqlite::run_in_sqlite(file, table_statements(tables, sqlite_dialect(), &type_name));
  return {{"path", Secret(file.string())}};
}

}  // namespace bridge::differential
