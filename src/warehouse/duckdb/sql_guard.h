#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"

namespace bridge::duckdb {

class Engine;

// A table that a statement reads, as it is written there. Names of WITH entries are not among them.
struct TableReference {
  std::string catalog;  // empty: the only one
  std::string schema;   // empty: main
  std::string name;
  int line = 0;
  int column = 0;
};

struct GuardedStatement {
  std::vector<TableReference> tables;
  // The names that stand where columns may, in lower case: those of columns, and of whatever else can stand there.
  std::set<std::string> names;
  // The names and aliases of the tables, and the last parts of the names that stand where columns may: what is among both reads a whole
  // row.
  std::set<std::string> row_names;
  std::set<std::string> last_names;
  bool reads_all_columns = false;   // a *, or another way to take columns without naming them
  std::set<std::string> functions;  // in lower case
};

// Lets one plain read-only SELECT through and nothing else. It judges the tree that DuckDB's own parser makes, by lists of what is
// allowed: kinds of nodes, functions, types. What no list names is refused. Thread-safe.
// The caller still has to compare the tables with those of its warehouse: DuckDB has catalog views in every schema.
class StatementGuard final {
 public:
  // `parser` is any engine; its data is not touched.
  explicit StatementGuard(std::shared_ptr<Engine> parser) : parser_(std::move(parser)) {}

  // invalid_argument with one violation: code "sql_not_allowed" or "sql_invalid", with its place in the SQL where known.
  Result<GuardedStatement> check(const CallContext& context, std::string_view sql) const;

 private:
  std::shared_ptr<Engine> parser_;
};

bool is_allowed_function(std::string_view lower_name);
bool is_allowed_table_function(std::string_view lower_name);

Error sql_not_allowed(std::string message, int line, int column, std::string got);

}  // namespace bridge::duckdb
