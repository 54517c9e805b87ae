#include "base/sql_name.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bridge {

namespace {

// duckdb_keywords() of DuckDB 1.4 of the categories reserved and type_function, and types, aggregates and parts of time that other engines
// do not take as a name, or people not for one. Sorted.
constexpr auto reserved_words = std::to_array<std::string_view>({
    // clang-format off
    "all", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asof", "asymmetric", "at", "authorization", "between",
    "binary", "both", "by", "case", "cast", "check", "collate", "collation", "column", "columns", "concurrently", "constraint", "create",
    "cross", "current", "date", "day", "default", "deferrable", "delete", "desc", "describe", "distinct", "do", "else", "end", "except",
    "exists", "false", "fetch", "filter", "for", "foreign", "freeze", "from", "full", "generated", "glob", "group", "having", "hour",
    "ilike", "in", "index", "initially", "inner", "insert", "intersect", "interval", "into", "is", "isnull", "join", "key", "lambda",
    "lateral", "leading", "left", "like", "limit", "map", "minute", "month", "natural", "not", "notnull", "null", "of", "offset", "on",
    "only", "or", "order", "outer", "over", "overlaps", "partition", "pivot", "pivot_longer", "pivot_wider", "placing", "positional",
    "primary", "qualify", "range", "references", "returning", "right", "row", "rows", "second", "select", "semi", "set", "show",
    "similar", "some", "struct", "sum", "summarize", "symmetric", "table", "tablesample", "then", "time", "timestamp", "to", "trailing",
    "true", "try_cast", "union", "unique", "unpack", "unpivot", "update", "user", "using", "value", "values", "variadic", "verbose",
    "view", "when", "where", "window", "with", "year",
    // clang-format on
});
static_assert(std::ranges::is_sorted(reserved_words));

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_reserved_sql_word(std::string_view lower_word) { return std::ranges::binary_search(reserved_words, lower_word); }

std::string quoted_sql_name(std::string_view name) { return str('"', replace_all(std::string(name), "\"", "\"\""), '"'); }

std::string sql_name(std::string_view name) {
  const bool is_plain = !name.empty() && (is_lower(name.front()) || name.front() == '_') && !is_reserved_sql_word(name) &&
                        std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
  return is_plain ? std::string(name) : quoted_sql_name(name);
}

}  // namespace bridge
