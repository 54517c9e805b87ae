// The bare engine, for comparison: DuckDB's C API and nothing else. Opens a Parquet file as a view and, for each line on standard input,
// runs the line's statements (separated by tabs), reads every chunk of every answer, and prints the milliseconds that it took.
#include <duckdb.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

namespace {

bool run(duckdb_connection connection, const char* sql) {
  duckdb_result result;
  if (duckdb_query(connection, sql, &result) == DuckDBError) {
    std::fprintf(stderr, "%s\n", duckdb_result_error(&result));
    return false;
  }
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) duckdb_destroy_data_chunk(&chunk);
  duckdb_destroy_result(&result);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: duckdb_bare VIEW=FILE.parquet\n");
    return 2;
  }
  duckdb_database database;
  duckdb_connection connection;
  if (duckdb_open(nullptr, &database) == DuckDBError || duckdb_connect(database, &connection) == DuckDBError) return 3;
  const std::string argument = argv[1];
  const std::size_t equals = argument.find('=');
  const std::string view =
      "CREATE VIEW " + argument.substr(0, equals) + " AS SELECT * FROM read_parquet('" + argument.substr(equals + 1) + "')";
  if (!run(connection, view.c_str())) return 3;
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    std::istringstream statements(line);
    for (std::string sql; std::getline(statements, sql, '\t');) {
      if (!run(connection, sql.c_str())) return 3;
    }
    std::printf("%.3f\n", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    std::fflush(stdout);
  }
  duckdb_disconnect(&connection);
  duckdb_close(&database);
}
