#include "warehouse/duckdb/test_data.h"

#include <duckdb.h>

#include <fstream>
#include <stdexcept>

#include "base/ids.h"

namespace bridge::duckdb {

TestFolder::TestFolder() : path_(std::filesystem::canonical(std::filesystem::temp_directory_path()) / ("bridge_test_" + make_uuid())) {
  std::filesystem::create_directories(path_);
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TestFolder::write(std::string_view name, std::string_view content) const {
  const auto file = path_ / name;
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

void run_in_duckdb(const std::filesystem::path& database, const std::vector<std::string>& statements) {
  duckdb_database opened = nullptr;
  duckdb_connection connection = nullptr;
  if (duckdb_open(database.empty() ? nullptr : database.c_str(), &opened) != DuckDBSuccess) throw std::runtime_error("cannot open");
  duckdb_connect(opened, &connection);
  std::string failure;
  for (const std::string& sql : statements) {
    duckdb_result result{};
    if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess) failure = duckdb_result_error(&result);
    duckdb_destroy_result(&result);
  }
  duckdb_disconnect(&connection);
  duckdb_close(&opened);
  if (!failure.empty()) throw std::runtime_error(failure);
}

const char* const contract_sales_sql =
    "SELECT n AS id, DATE '2024-01-01' + (n % 100)::INTEGER AS day, (DATE '2024-01-01' + (n % 100)::INTEGER)::TIMESTAMP + INTERVAL 750 "
    "MINUTE AS sold_at, "
    "['north', 'south', 'east', 'west'][n % 4 + 1] AS region, (n / 2.0)::DOUBLE AS amount, (n + 0.25)::DECIMAL(18, 2) AS price, n % 2 = 0 "
    "AS is_new, "
    "CASE WHEN n % 10 <> 0 THEN 'note ' || n END AS note FROM range(1000) AS numbers(n)";

}  // namespace bridge::duckdb
