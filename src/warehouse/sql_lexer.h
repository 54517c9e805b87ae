#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bridge {

// Where an engine's texts, quoted names and comments begin and end.
struct SqlLexicalRules {
  std::string_view text_quotes = "'";         // around a text; a doubled one stands for itself
  std::string_view identifier_quotes = "\"";  // around a name, the same; a name that begins with [ ends with ]
  bool backslash_escapes = false;             // in every text
  bool has_escape_texts = false;              // E'…', in which a backslash escapes
  bool has_dollar_texts = false;              // $$…$$ and $tag$…$tag$
  std::vector<std::string_view> line_comments{"--"};
  bool nests_comments = false;               // /* /* */ */ is one
  std::string_view placeholder_signs = "?";  // begin a placeholder of the engine's own
};

// A text, a quoted name or a comment: nothing in it is SQL.
struct OpaqueSql {
  bool is_comment = false;
  std::size_t end = 0;  // the offset after it; that of the SQL's end when it is not closed
  bool is_closed = true;
  std::string closing;  // what has to stand at its end
};

// What of the kind begins at `at`, which must not lie within another one.
std::optional<OpaqueSql> find_opaque_sql(std::string_view sql, std::size_t at, const SqlLexicalRules& rules);

// Whether a character can stand in a word: a name, a keyword, a number.
bool is_sql_word_char(char c);

}  // namespace bridge
