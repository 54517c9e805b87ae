#include <algorithm>
#include <array>

#include "base/text.h"
#include "warehouse/sqlite/sql_guard.h"

namespace bridge::sqlite {

namespace {

// Scalar, aggregate and window functions that compute from their arguments alone: pragma_function_list of SQLite 3.40, without those that
// tell of the library or the connection, write to its log, load code, make values of any length (zeroblob, randomblob) or take time beyond
// the size of their arguments (json_patch). What instr, replace and the trims look for is limited in bounded_functions.cpp.
constexpr auto allowed_functions = std::to_array<std::string_view>({
    // clang-format off
    "->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "ceil", "ceiling", "char", "coalesce",
    "concat", "concat_ws", "cos", "cosh", "count", "cume_dist", "current_date", "current_time", "current_timestamp", "date", "datetime", "degrees",
    "dense_rank", "exp", "first_value", "floor", "format", "glob", "group_concat", "hex", "if", "ifnull", "iif", "instr", "json", "json_array",
    "json_array_length", "json_extract", "json_group_array", "json_group_object", "json_insert", "json_object", "json_quote",
    "json_remove", "json_replace", "json_set", "json_type", "json_valid", "julianday", "lag", "last_value", "lead", "length", "like",
    "likelihood", "likely", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile", "nullif",
    "octet_length", "percent_rank", "pi", "pow", "power", "printf", "quote", "radians", "random", "rank", "replace", "round", "row_number", "rtrim",
    "sign", "sin", "sinh", "sqrt", "strftime", "string_agg", "substr", "substring", "sum", "tan", "tanh", "time", "timediff", "total", "trim", "trunc",
    "typeof", "unicode", "unixepoch", "unlikely", "upper",
    // clang-format on
});
static_assert(std::ranges::is_sorted(allowed_functions));

constexpr auto allowed_table_functions = std::to_array<std::string_view>({"json_each", "json_tree"});

}  // namespace

bool is_allowed_function(std::string_view lower_name) { return std::ranges::binary_search(allowed_functions, lower_name); }

bool is_allowed_table_function(std::string_view lower_name) { return std::ranges::binary_search(allowed_table_functions, lower_name); }

std::optional<std::string> nearest_function(std::string_view name) {
  const std::vector<std::string> names(allowed_functions.begin(), allowed_functions.end());
  return nearest_name(name, names);
}

}  // namespace bridge::sqlite
