#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bridge::sqlite {

// Runs statements on a writable SQLite file outside of Bridge, and closes it. Throws on failure.
void run_in_sqlite(const std::filesystem::path& file, const std::vector<std::string>& statements);

// Make the rows of the driver contract's table.
std::vector<std::string> contract_sales_sql();

}  // namespace bridge::sqlite
