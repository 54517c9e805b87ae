#pragma once

#include <string_view>

#include "base/call_context.h"
#include "base/result.h"

namespace bridge {

// Judges SQL before an engine runs it. Thread-safe.
class SqlGuard {
 public:
  virtual ~SqlGuard() = default;

  // What one plain read-only statement reads. Everything else is invalid_argument with a violation for the first thing in it that offends:
  // `code` "sql_not_allowed" (it may not run) or "sql_invalid" (it cannot be read, or names what is not there), `got` what is written
  // there, `line` and `column` where it stands in the SQL, from 1 (0: not known).
  virtual Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) = 0;
};

}  // namespace bridge
