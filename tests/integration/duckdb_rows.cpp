// Runs one statement with DuckDB's C API, apart from everything of Bridge, and prints each row as a JSON object. For tests that compare
// numbers.
#include <duckdb.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: duckdb_rows SQL\n");
    return 2;
  }
  duckdb_database database;
  duckdb_connection connection;
  if (duckdb_open(nullptr, &database) == DuckDBError || duckdb_connect(database, &connection) == DuckDBError) return 3;
  duckdb_result result;
  const std::string sql = "SELECT to_json(row)::VARCHAR FROM (" + std::string(argv[1]) + ") AS row";
  if (duckdb_query(connection, sql.c_str(), &result) == DuckDBError) {
    std::fprintf(stderr, "%s\n", duckdb_result_error(&result));
    return 3;
  }
  for (idx_t row = 0; row < duckdb_row_count(&result); ++row) {
    char* text = duckdb_value_varchar(&result, 0, row);
    std::puts(text);
    duckdb_free(text);
  }
  duckdb_destroy_result(&result);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
}
