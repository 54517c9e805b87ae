#pragma once

#include "base/result.h"

struct sqlite3;

namespace bridge::sqlite {

// Puts functions of the same meaning in the place of those of SQLite's own that take time by the product of two texts: instr, replace,
// trim, ltrim and rtrim. SQLite cannot be stopped within a function, so what they look for has at most `searched_bytes_max` bytes.
Result<> install_bounded_functions(sqlite3* connection);

}  // namespace bridge::sqlite
