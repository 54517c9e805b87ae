#pragma once

#include <string>
#include <string_view>

namespace bridge {

// A name as it stands in SQL: itself where every engine takes it so, else in double quotes. For tables, columns and aliases alike. A test
// asks DuckDB for all of its keywords.
std::string sql_name(std::string_view name);

// In double quotes, whatever it is.
std::string quoted_sql_name(std::string_view name);

// Whether a word has a meaning of its own in SQL, so that it cannot be a name without quotes.
bool is_reserved_sql_word(std::string_view lower_word);

}  // namespace bridge
