#include "warehouse/sqlite/test_data.h"

#include <sqlite3.h>

#include <stdexcept>

namespace bridge::sqlite {

void run_in_sqlite(const std::filesystem::path& file, const std::vector<std::string>& statements) {
  sqlite3* handle = nullptr;
  if (sqlite3_open(file.c_str(), &handle) != SQLITE_OK) throw std::runtime_error("cannot open");
  std::string failure;
  for (const std::string& sql : statements) {
    char* message = nullptr;
    if (sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) failure = message ? message : "failed";
    sqlite3_free(message);
  }
  sqlite3_close(handle);
  if (!failure.empty()) throw std::runtime_error(failure);
}

std::vector<std::string> contract_sales_sql() {
  return {
      "CREATE TABLE sales (id INTEGER PRIMARY KEY, day DATE, sold_at TIMESTAMP, region VARCHAR(20), amount DOUBLE, price DECIMAL(18, 2), "
      "is_new BOOLEAN, note TEXT)",
      "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers LIMIT 1000) INSERT INTO sales SELECT n, "
      "date('2024-01-01', (n % 100) || ' days'), datetime('2024-01-01 12:30:00', (n % 100) || ' days'), "
      "CASE n % 4 WHEN 0 THEN 'north' WHEN 1 THEN 'south' WHEN 2 THEN 'east' ELSE 'west' END, n / 2.0, n + 0.25, n % 2 = 0, "
      "CASE WHEN n % 10 <> 0 THEN 'note ' || n END FROM numbers"};
}

}  // namespace bridge::sqlite
