#pragma once

#include "warehouse/sql_dialect.h"

namespace bridge {

// PostgreSQL 13 and later. Days are dates, moments are timestamps of either kind: the driver's sessions are in UTC, where both are the
// same.
const SqlDialect& postgres_dialect();

}  // namespace bridge
