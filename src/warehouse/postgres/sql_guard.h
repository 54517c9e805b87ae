#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bridge::postgres {

// A table that a statement reads, as it is written there. Names of WITH entries are not among them.
struct TableReference {
  std::string schema;  // empty: none is written
  std::string name;
  std::size_t offset = 0;  // of the name, in bytes
};

struct GuardedStatement {
  std::vector<TableReference> tables;  // in the order of the SQL
  // The names that stand where columns may: those of columns, and of whatever else can stand there.
  std::set<std::string> names;
  bool reads_all_columns = false;   // a *, or another way to take columns without naming them
  std::set<std::string> functions;  // in lower case
};

// Lets one plain read-only SELECT through and nothing else. It judges the tree that PostgreSQL's own parser (libpg_query, that of
// PostgreSQL 15) makes, by lists of what is allowed: kinds of nodes, their fields, functions. What no list names is refused, the first in
// the order of the SQL. invalid_argument with one violation: code "sql_not_allowed" or "sql_invalid", with its place. Thread-safe.
// The caller still has to look which tables there are: PostgreSQL's own catalogs are named like others.
Result<GuardedStatement> check_statement(std::string_view sql);

// Functions of pg_catalog that compute from their arguments alone.
bool is_allowed_function(std::string_view lower_name);
std::vector<std::string> allowed_function_names();

}  // namespace bridge::postgres
