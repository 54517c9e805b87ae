#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/testing/test_folder.h"

namespace bridge::duckdb {

using bridge::TestFolder;

// Runs statements on a writable DuckDB database (empty: in memory) outside of Bridge, and closes it. Throws on failure.
void run_in_duckdb(const std::filesystem::path& database, const std::vector<std::string>& statements);

// The SELECT that makes the rows of the driver contract's table.
extern const char* const contract_sales_sql;

}  // namespace bridge::duckdb
