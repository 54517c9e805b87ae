#pragma once

#include "engine.h"

// One loader an engine, each in a file of its own.

namespace bridge::differential {

std::map<std::string, Secret> load_duckdb(const std::filesystem::path& folder, const std::vector<Table>& tables);
std::map<std::string, Secret> load_sqlite(const std::filesystem::path& folder, const std::vector<Table>& tables);
std::map<std::string, Secret> load_postgres(const std::filesystem::path& folder, const std::vector<Table>& tables);

}  // namespace bridge::differential
