#include "warehouse/postgres/query_error.h"

#include <algorithm>

#include "base/text.h"
#include "warehouse/postgres/limits.h"

namespace bridge::postgres {

namespace {

constexpr std::size_t got_bytes_max = 200;
constexpr std::size_t message_bytes_max = 500;

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '_' || c == '$' || byte >= 0x80;
}

Error one_violation(std::string code, std::string message, std::string_view sql, std::size_t offset, std::string got,
                    const std::vector<std::string>& candidates) {
  Violation violation{.path = "sql", .code = code, .message = message, .got = to_valid_utf8(got.substr(0, got_bytes_max))};
  if (offset != std::string_view::npos) std::tie(violation.line, violation.column) = line_and_column(sql, offset);
  if (const auto near = nearest_name(violation.got, candidates)) violation.suggestion = *near;
  violation.allowed.assign(candidates.begin(),
                           candidates.begin() + static_cast<std::ptrdiff_t>(std::min(candidates.size(), names_shown_max)));
  if (!violation.suggestion.empty()) message += str(": did you mean '", violation.suggestion, "'?");
  if (violation.line > 0) message += str(" (line ", violation.line, ", column ", violation.column, ")");
  return {
      .code = ErrorCode::invalid_argument, .message = std::move(message), .reason = std::move(code), .violations = {std::move(violation)}};
}

std::string first_line(std::string_view text) {
  std::string line(trim(text.substr(0, text.find('\n'))));
  return to_valid_utf8(line.substr(0, message_bytes_max));
}

// "s.amuont" → "amuont", without quotes.
std::string last_part(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) name = name.substr(dot + 1);
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  return std::string(name);
}

// What stands between the first double quotes of a message: the server's way to name things. Outside of English messages too.
std::string quoted_in(std::string_view message) {
  const std::size_t from = message.find('"');
  const std::size_t to = from == std::string_view::npos ? from : message.find('"', from + 1);
  return to == std::string_view::npos ? std::string() : std::string(message.substr(from + 1, to - from - 1));
}

Error failed(ErrorCode code, std::string reason, std::string message, std::string_view detail) {
  return {.code = code, .message = std::move(message), .detail = to_valid_utf8(std::string(detail)), .reason = std::move(reason)};
}

}  // namespace

std::pair<int, int> line_and_column(std::string_view sql, std::size_t offset) {
  const std::string_view before = sql.substr(0, offset);
  const auto line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {line, static_cast<int>(before.size() - start) + 1};
}

std::size_t byte_of_character(std::string_view text, int position) {
  std::size_t at = 0;
  for (int character = 1; character < position && at < text.size(); ++character) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

std::string word_at(std::string_view sql, std::size_t offset) {
  if (offset >= sql.size()) return {};
  std::size_t end = offset;
  if (sql[offset] == '"') {
    end = sql.find('"', offset + 1);
    return std::string(sql.substr(offset, end == std::string_view::npos ? end : end + 1 - offset));
  }
  while (end < sql.size() && (is_word_byte(sql[end]) || (end > offset && sql[end] == '.'))) ++end;
  return std::string(sql.substr(offset, std::max<std::size_t>(end - offset, 1)));
}

Error sql_not_allowed(std::string message, std::string_view sql, std::size_t offset, std::string got) {
  return one_violation("sql_not_allowed", std::move(message), sql, offset, std::move(got), {});
}

Error sql_invalid(std::string message, std::string_view sql, std::size_t offset, std::string got,
                  const std::vector<std::string>& candidates) {
  return one_violation("sql_invalid", std::move(message), sql, offset, std::move(got), candidates);
}

Error connection_lost(std::string detail) {
  Error error =
      failed(ErrorCode::unavailable, "connection_lost",
             "The connection to PostgreSQL broke while the query ran (it was restarted, failed over, or closed the connection): ask again",
             detail);
  return error;
}

Error query_error(const ServerFailure& failure, std::string_view sql, const KnownNames& names, int offset) {
  const std::string& state = failure.sql_state;
  const std::string message = first_line(failure.message);
  const bool has_place = failure.position > offset;
  const std::size_t at = has_place ? byte_of_character(sql, failure.position - offset) : std::string_view::npos;
  const std::string got = has_place ? word_at(sql, at) : quoted_in(message);
  if (state.empty()) return connection_lost(message);
  if (state == "57P01" || state == "57P02" || state == "57P03" || state.starts_with("08")) return connection_lost(message);
  if (state == "57014" || state == "25P03")
    return failed(ErrorCode::deadline_exceeded, "query_timeout", "PostgreSQL ended the query, which took too long", message);
  if (state == "55P03")
    return failed(ErrorCode::unavailable, "table_locked", "A table that the query reads is locked by another program: ask again later",
                  message);
  if (state == "40001" || state == "40P01" || state == "72000")
    return failed(ErrorCode::unavailable, "data_changed", "The data was changed while it was read: ask again", message);
  if (state == "42501")
    return failed(ErrorCode::failed_precondition, "warehouse_rights",
                  str("The role of the connection may not do this: ", message, ". Its owner can GRANT SELECT on it"), message);
  if (state == "25006") return sql_not_allowed(str("The query would write: ", message), sql, at, got);
  if (state == "42P01") {
    const std::string name = last_part(got.empty() ? quoted_in(message) : got);
    return sql_invalid(str("There is no table '", name, "'"), sql, at, name, names.tables);
  }
  if (state == "42703") {
    const std::string name = last_part(got.empty() ? quoted_in(message) : got);
    return sql_invalid(str("There is no column '", name, "'"), sql, at, name, names.columns);
  }
  const std::string with_hint = failure.hint.empty() ? message : str(message, " (", first_line(failure.hint), ")");
  // Syntax and names, values that are not of their type, what cannot be computed, features, what the planner finds too complex.
  if (state.starts_with("42") || state.starts_with("22") || state.starts_with("21") || state.starts_with("0A") ||
      state.starts_with("2201") || state.starts_with("44") || state.starts_with("10"))
    return sql_invalid(with_hint, sql, at, got);
  if (state == "54000" || state == "54001" || state == "54011" || state == "54023") return sql_invalid(with_hint, sql, at, got);
  if (state.starts_with("53"))
    return failed(ErrorCode::resource_exhausted, "warehouse_exhausted", str("PostgreSQL has not enough left for the query: ", message),
                  message);
  if (state.starts_with("XX") || state.starts_with("58") || state.starts_with("F0"))
    return failed(ErrorCode::unavailable, "warehouse_failed", str("PostgreSQL failed: ", message), message);
  return failed(ErrorCode::failed_precondition, "warehouse_refused", str("PostgreSQL refused the query: ", message), message);
}

}  // namespace bridge::postgres
