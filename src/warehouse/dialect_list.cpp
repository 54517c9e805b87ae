#include "warehouse/dialect_list.h"

#include <algorithm>
#include <array>

#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/postgres/postgres_dialect.h"
#include "warehouse/sqlite/sqlite_dialect.h"

namespace bridge {

std::span<const SqlDialect* const> sql_dialects() {
  static const std::array dialects{&duckdb_dialect(), &sqlite_dialect(), &postgres_dialect()};
  return dialects;
}

const SqlDialect* find_sql_dialect(std::string_view name) {
  const auto all = sql_dialects();
  const auto found = std::ranges::find(all, name, &SqlDialect::name);
  return found == all.end() ? nullptr : *found;
}

const SqlDialect& local_sql_dialect() { return duckdb_dialect(); }

}  // namespace bridge
