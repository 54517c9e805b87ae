#include "warehouse/duckdb/test_data.h"

#include <stdexcept>

#include "warehouse/duckdb/duckdb_library.h"

namespace bridge::duckdb {

void run_in_duckdb(const std::filesystem::path& database, const std::vector<std::string>& statements) {
  if (!load_duckdb_library()) throw std::runtime_error("DuckDB cannot be loaded");
  duckdb_database opened = nullptr;
  duckdb_connection connection = nullptr;
  if (capi::open(database.empty() ? nullptr : database.c_str(), &opened) != DuckDBSuccess) throw std::runtime_error("cannot open");
  capi::connect(opened, &connection);
  std::string failure;
  for (const std::string& sql : statements) {
    duckdb_result result{};
    if (capi::query(connection, sql.c_str(), &result) != DuckDBSuccess) failure = capi::result_error(&result);
    capi::destroy_result(&result);
  }
  capi::disconnect(&connection);
  capi::close(&opened);
  if (!failure.empty()) throw std::runtime_error(failure);
}

const char* const contract_sales_sql =
    "SELECT n AS id, DATE '2024-01-01' + (n % 100)::INTEGER AS day, (DATE '2024-01-01' + (n % 100)::INTEGER)::TIMESTAMP + INTERVAL 750 "
    "MINUTE AS sold_at, "
    "['north', 'south', 'east', 'west'][n % 4 + 1] AS region, (n / 2.0)::DOUBLE AS amount, (n + 0.25)::DECIMAL(18, 2) AS price, n % 2 = 0 "
    "AS is_new, "
    "CASE WHEN n % 10 <> 0 THEN 'note ' || n END AS note FROM range(1000) AS numbers(n)";

}  // namespace bridge::duckdb
