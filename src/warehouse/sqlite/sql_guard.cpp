#include "warehouse/sqlite/sql_guard.h"

#include "base/text.h"
#include "warehouse/sqlite/limits.h"

namespace bridge::sqlite {

namespace {

constexpr std::size_t names_shown_max = 50;
constexpr std::size_t got_bytes_max = 200;

bool is_blank_byte(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '_' || c == '$' || byte >= 0x80;
}

// The end of the comment that begins at `at`, or `at` when none does. As SQLite reads it, one without an end goes to the end of the text.
std::size_t end_of_comment(std::string_view sql, std::size_t at) {
  const std::string_view rest = sql.substr(at);
  if (rest.starts_with("--")) return std::min(sql.find('\n', at), sql.size());
  if (!rest.starts_with("/*")) return at;
  const std::size_t end = sql.find("*/", at + 2);
  return end == std::string_view::npos ? sql.size() : end + 2;
}

// Behind blanks and comments.
std::size_t skip_blanks(std::string_view sql, std::size_t at) {
  while (at < sql.size()) {
    if (is_blank_byte(sql[at])) {
      ++at;
      continue;
    }
    const std::size_t end = end_of_comment(sql, at);
    if (end == at) break;
    at = end;
  }
  return at;
}

Error one_violation(std::string code, std::string message, std::string_view sql, std::optional<std::size_t> offset, std::string got) {
  Violation violation{.path = "sql", .code = code, .message = message};
  if (offset) std::tie(violation.line, violation.column) = line_and_column(sql, *offset);
  violation.got = to_valid_utf8(got.substr(0, got_bytes_max));
  return {.code = ErrorCode::invalid_argument, .message = std::move(message), .reason = std::move(code), .violations = {violation}};
}

void add_place(Error& error) {
  const Violation& violation = error.violations.front();
  if (!violation.suggestion.empty()) error.message += str(": did you mean '", violation.suggestion, "'?");
  if (violation.line > 0) error.message += str(" (line ", violation.line, ", column ", violation.column, ")");
}

}  // namespace

Result<> check_beginning(std::string_view sql) {
  if (sql.size() > sql_bytes_max)
    return fail(one_violation("sql_not_allowed", str("The SQL is longer than ", format_bytes(sql_bytes_max)), "", {}, ""));
  if (const auto at = sql.find('\0'); at != std::string_view::npos)
    return fail(sql_invalid("The SQL has a character with the code 0", sql, at, "", {}));
  if (!is_valid_utf8(sql)) return fail(sql_invalid("The SQL is not UTF-8 text", sql, {}, "", {}));
  const std::size_t start = skip_blanks(sql, 0);
  std::size_t end = start;
  while (end < sql.size() && is_word_byte(sql[end])) ++end;
  const std::string word = lower(sql.substr(start, end - start));
  if (start == sql.size()) return fail(sql_invalid("There is no SQL", sql, {}, "", {}));
  if (word == "select" || word == "with" || word == "values") return {};
  return fail(sql_not_allowed(word.empty() ? std::string("Only one SELECT is allowed")
                                           : str("Only one SELECT is allowed, and this begins with ", sql.substr(start, end - start)),
                              sql, start, std::string(sql.substr(start, end - start))));
}

std::optional<std::pair<std::size_t, std::string>> find_statement(std::string_view sql, std::size_t at) {
  at = skip_blanks(sql, at);
  while (at < sql.size() && sql[at] == ';') at = skip_blanks(sql, at + 1);
  if (at == sql.size()) return std::nullopt;
  std::size_t end = at;
  while (end < sql.size() && is_word_byte(sql[end])) ++end;
  return std::pair(at, std::string(sql.substr(at, std::max<std::size_t>(end - at, 1))));
}

std::optional<std::size_t> find_word(std::string_view sql, std::string_view word) {
  if (word.empty()) return std::nullopt;
  const auto is_there = [&](std::size_t at) { return lower(sql.substr(at, word.size())) == lower(word); };
  for (std::size_t at = 0; at < sql.size();) {
    if (const std::size_t end = end_of_comment(sql, at); end != at) {
      at = end;
    } else if (const char quote = sql[at] == '[' ? ']' : sql[at]; quote == '\'' || quote == '"' || quote == '`' || quote == ']') {
      if (quote != '\'' && is_there(at + 1) && at + 1 + word.size() < sql.size() && sql[at + 1 + word.size()] == quote) return at;
      const std::size_t end = sql.find(quote, at + 1);
      at = end == std::string_view::npos ? sql.size() : end + 1;
    } else if (is_word_byte(sql[at])) {
      std::size_t end = at;
      while (end < sql.size() && is_word_byte(sql[end])) ++end;
      if (end - at == word.size() && is_there(at)) return at;
      at = end;
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

std::pair<int, int> line_and_column(std::string_view sql, std::size_t offset) {
  const std::string_view before = sql.substr(0, offset);
  const auto line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {line, static_cast<int>(before.size() - start) + 1};
}

Error sql_not_allowed(std::string message, std::string_view sql, std::optional<std::size_t> offset, std::string got) {
  Error error = one_violation("sql_not_allowed", std::move(message), sql, offset, std::move(got));
  add_place(error);
  return error;
}

Error sql_invalid(std::string message, std::string_view sql, std::optional<std::size_t> offset, std::string got,
                  const std::vector<std::string>& candidates) {
  Error error = one_violation("sql_invalid", std::move(message), sql, offset, std::move(got));
  Violation& violation = error.violations.front();
  if (const auto near = nearest_name(violation.got, candidates)) violation.suggestion = *near;
  violation.allowed.assign(candidates.begin(),
                           candidates.begin() + static_cast<std::ptrdiff_t>(std::min(candidates.size(), names_shown_max)));
  add_place(error);
  return error;
}

}  // namespace bridge::sqlite
