#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace bridge::sqlite {

// What can be said of a statement before SQLite reads it: that it has a bearable length, and begins like a query.
Result<> check_beginning(std::string_view sql);

// The place and the first word of what is behind `at` other than blanks, comments and semicolons.
std::optional<std::pair<std::size_t, std::string>> find_statement(std::string_view sql, std::size_t at);

// Functions that compute from their arguments alone, in bounded time and memory. Whatever is not among them is refused.
bool is_allowed_function(std::string_view lower_name);
// The same of functions that stand in FROM.
bool is_allowed_table_function(std::string_view lower_name);
// The nearest allowed name, for a person who wrote another.
std::optional<std::string> nearest_function(std::string_view name);

// The first place, from 0, where `word` stands as a whole word outside of texts and comments; case does not count.
std::optional<std::size_t> find_word(std::string_view sql, std::string_view word);

// Line and column, from 1, of a byte offset.
std::pair<int, int> line_and_column(std::string_view sql, std::size_t offset);

// invalid_argument with one violation.
Error sql_not_allowed(std::string message, std::string_view sql, std::optional<std::size_t> offset, std::string got);
Error sql_invalid(std::string message, std::string_view sql, std::optional<std::size_t> offset, std::string got,
                  const std::vector<std::string>& candidates);

}  // namespace bridge::sqlite
