#pragma once

#include <span>
#include <string_view>

#include "warehouse/sql_dialect.h"

namespace bridge {

// Every dialect that this build writes.
std::span<const SqlDialect* const> sql_dialects();

// The dialect that an answer names ("duckdb"); null when there is none of this name.
const SqlDialect* find_sql_dialect(std::string_view name);

// That of the engine inside Bridge, in which `from:` queries are written: what is taken where a connection is not known.
const SqlDialect& local_sql_dialect();

}  // namespace bridge
