#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bridge::duckdb {

// A folder that is removed with its content.
class TestFolder final {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::filesystem::path path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  // Writes a file of the folder.
  std::filesystem::path write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

// Runs statements on a writable DuckDB database (empty: in memory) outside of Bridge, and closes it. Throws on failure.
void run_in_duckdb(const std::filesystem::path& database, const std::vector<std::string>& statements);

// The SELECT that makes the rows of the driver contract's table.
extern const char* const contract_sales_sql;

}  // namespace bridge::duckdb
