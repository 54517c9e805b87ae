#include "base/text.h"
#include "loaders.h"
#include "warehouse/postgres/postgres_dialect.h"
#include "warehouse/postgres/postgres_server.h"

namespace bridge::differential {

namespace {

std::string_view type_name(ColumnType type) {
  switch (type) {
    case ColumnType::boolean: return "boolean";
    case ColumnType::integer: return "bigint";
    case ColumnType::decimal: return "numeric(18, 2)";
    case ColumnType::number: return "double precision";
    case ColumnType::date: return "date";
    case ColumnType::timestamp: return "timestamp";
    default: return "text";
  }
}

}  // namespace

std::map<std::string, Secret> load_postgres(const std::filesystem::path&, const std::vector<Table>& tables) {
  static const postgres::TestServer server;
  server.run("CREATE DATABASE tables");
  server.run(join(table_statements(tables, postgres_dialect(), &type_name), ";\n"), "tables");
  server.run("ANALYZE", "tables");
  return server.credentials("tables");
}

}  // namespace bridge::differential
