#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bridge::postgres {

// A failure as the server tells it.
struct ServerFailure {
  std::string sql_state;  // "42703"; empty: the connection broke
  std::string message;
  std::string hint;
  int position = 0;  // in characters from 1; 0: not known
};

// Names that may stand where an unknown one does.
struct KnownNames {
  std::vector<std::string> tables;
  std::vector<std::string> columns;
};

// The same for a person: what is wrong with the SQL and where, or what the server could not do. `sql` is what the position counts in, from
// `offset` characters on.
Error query_error(const ServerFailure& failure, std::string_view sql, const KnownNames& names = {}, int offset = 0);

Error connection_lost(std::string detail);

// Line and column, from 1, of a byte offset.
std::pair<int, int> line_and_column(std::string_view sql, std::size_t offset);
// The byte at which the character of this number stands, from 1.
std::size_t byte_of_character(std::string_view text, int position);
// The word, quoted name or sign that begins there.
std::string word_at(std::string_view sql, std::size_t offset);

// invalid_argument with one violation; `offset` from 0, std::string_view::npos when it is not known.
Error sql_not_allowed(std::string message, std::string_view sql, std::size_t offset, std::string got);
Error sql_invalid(std::string message, std::string_view sql, std::size_t offset, std::string got,
                  const std::vector<std::string>& candidates = {});

}  // namespace bridge::postgres
