#include "warehouse/sql_lexer.h"

#include <algorithm>

#include "base/text.h"

namespace bridge {

namespace {

bool is_tag_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

OpaqueSql read_block_comment(std::string_view sql, std::size_t at, bool nests) {
  std::size_t depth = 1;
  for (at += 2; at < sql.size();) {
    const std::string_view pair = sql.substr(at, 2);
    if (pair == "*/") {
      at += 2;
      if (--depth == 0) return {.is_comment = true, .end = at, .closing = "*/"};
    } else if (nests && pair == "/*") {
      ++depth;
      at += 2;
    } else {
      ++at;
    }
  }
  return {.is_comment = true, .end = sql.size(), .is_closed = false, .closing = "*/"};
}

OpaqueSql read_quoted(std::string_view sql, std::size_t at, char closing, bool backslash_escapes) {
  const bool is_bracket = closing == ']';
  for (++at; at < sql.size(); ++at) {
    if (backslash_escapes && sql[at] == '\\') ++at;
    else if (sql[at] != closing) continue;
    else if (!is_bracket && at + 1 < sql.size() && sql[at + 1] == closing) ++at;
    else return {.end = at + 1, .closing = std::string(1, closing)};
  }
  return {.end = sql.size(), .is_closed = false, .closing = std::string(1, closing)};
}

// $$…$$ or $tag$…$tag$.
std::optional<OpaqueSql> read_dollar_text(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  if (end < sql.size() && is_tag_start(sql[end])) {
    while (end < sql.size() && sql[end] != '$' && is_sql_word_char(sql[end])) ++end;
  }
  if (end >= sql.size() || sql[end] != '$') return std::nullopt;
  OpaqueSql out{.end = sql.size(), .is_closed = false, .closing = std::string(sql.substr(at, end + 1 - at))};
  const std::size_t found = sql.find(out.closing, end + 1);
  if (found == std::string_view::npos) return out;
  out.end = found + out.closing.size();
  out.is_closed = true;
  return out;
}

}  // namespace

bool is_sql_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::optional<OpaqueSql> find_opaque_sql(std::string_view sql, std::size_t at, const SqlLexicalRules& rules) {
  if (at >= sql.size()) return std::nullopt;
  for (const std::string_view opening : rules.line_comments) {
    if (sql.substr(at).starts_with(opening)) return OpaqueSql{.is_comment = true, .end = std::min(sql.find('\n', at), sql.size())};
  }
  if (sql.substr(at, 2) == "/*") return read_block_comment(sql, at, rules.nests_comments);
  const char c = sql[at];
  if (rules.text_quotes.contains(c)) return read_quoted(sql, at, c, rules.backslash_escapes);
  if (rules.identifier_quotes.contains(c)) return read_quoted(sql, at, c == '[' ? ']' : c, false);
  const bool begins_word = at == 0 || !is_sql_word_char(sql[at - 1]);
  if (rules.has_escape_texts && begins_word && (c == 'e' || c == 'E') && at + 1 < sql.size() && sql[at + 1] == '\'')
    return read_quoted(sql, at + 1, '\'', true);
  if (rules.has_dollar_texts && c == '$') return read_dollar_text(sql, at);
  return std::nullopt;
}

}  // namespace bridge
