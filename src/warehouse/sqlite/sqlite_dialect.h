#pragma once

#include "warehouse/sql_dialect.h"

namespace bridge {

// SQLite 3.40. Days and moments are ISO texts; the functions it writes are date, datetime, strftime, julianday, printf, nullif, substr.
const SqlDialect& sqlite_dialect();

}  // namespace bridge
