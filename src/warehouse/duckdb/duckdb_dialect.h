#pragma once

#include "warehouse/sql_dialect.h"

namespace bridge {

const SqlDialect& duckdb_dialect();

}  // namespace bridge
