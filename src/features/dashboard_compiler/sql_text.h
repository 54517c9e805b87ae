#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/sql_lexer.h"

// The SQL of a document, taken apart at the places where parameters enter it. This is a scanner and no guard: what may run is decided by
// the engine's own parser. The dialect's rules say what is a text, a quoted name or a comment; `::` casts and slices are known besides, so
// that a colon in any of them is left alone.

namespace bridge {

struct SqlPiece {
  enum class Kind : std::uint8_t { text, value, filter };

  Kind kind = Kind::text;
  std::size_t offset = 0;            // of its first byte in the source
  std::string text;                  // of text
  std::string parameter;             // of value and filter: `:name`
  std::string part;                  // of value: `from` in `:name.from`
  std::vector<SqlPiece> expression;  // of filter: its second argument
};

struct SqlProblem {
  std::size_t offset = 0;
  std::string code;
  std::string message;
  std::string got;
};

struct ScannedSql {
  std::vector<SqlPiece> pieces;
  std::vector<SqlProblem> problems;
};

ScannedSql scan_sql(std::string_view text, const SqlLexicalRules& rules);

// A use of a parameter, wherever it is nested.
struct ParameterUse {
  std::string name;
  std::string part;
  bool in_filter = false;
  std::size_t offset = 0;
};
std::vector<ParameterUse> parameter_uses(const ScannedSql& sql);

}  // namespace bridge
