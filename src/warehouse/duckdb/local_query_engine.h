#pragma once

#include <memory>

#include "warehouse/warehouse.h"

namespace bridge {

// Queries over answers, in memory, without any file.
std::shared_ptr<LocalQueryEngine> make_duckdb_local_query_engine();

}  // namespace bridge
