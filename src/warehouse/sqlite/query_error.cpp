#include "warehouse/sqlite/query_error.h"

#include <sqlite3.h>

#include "base/guarded.h"
#include "base/text.h"
#include "warehouse/sqlite/connection.h"
#include "warehouse/sqlite/sql_guard.h"

namespace bridge::sqlite {

namespace {

constexpr std::size_t message_bytes_max = 400;

// What stands behind `beginning`, if the message begins so.
std::optional<std::string_view> behind(std::string_view message, std::string_view beginning) {
  if (!message.starts_with(beginning)) return std::nullopt;
  return message.substr(beginning.size());
}

// "near \"FORM\": syntax error" → "FORM"
std::string near_word(std::string_view message) {
  const auto rest = behind(message, "near \"");
  const std::size_t end = message.rfind("\": syntax error");
  if (!rest || end == std::string_view::npos) return {};
  return std::string(message.substr(6, end - 6));
}

std::string as_sentence(std::string_view message) {
  std::string text = to_valid_utf8(std::string(message.substr(0, message_bytes_max)));
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// The word of the SQL that is a table of code: SQLite tells what it does and not its name.
std::string hidden_word(const QueryFailure& failure) {
  const auto is_part = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t at = 0; at < failure.sql.size();) {
    std::size_t end = at;
    while (end < failure.sql.size() && is_part(failure.sql[end])) ++end;
    const std::string_view word = failure.sql.substr(at, end - at);
    if (!word.empty() && (word == "dbstat" || (failure.tables && failure.tables->is_hidden(word)))) return std::string(word);
    at = end + 1;
  }
  return {};
}

Error denied_error(const QueryFailure& failure) {
  Denied denied = failure.denied;
  if (denied.construct == "UPDATE of" && denied.name.starts_with("sqlite_")) {
    if (std::string word = hidden_word(failure); !word.empty()) denied = {.construct = "the table", .name = std::move(word)};
  }
  const auto place = find_word(failure.sql, denied.name);
  const bool has_name = denied.construct.starts_with("the ");
  return sql_not_allowed(
      has_name ? str("The SQL uses ", denied.construct, " '", denied.name.substr(0, message_bytes_max), "', which is not allowed")
               : str("Only reading is allowed: ", denied.construct, denied.name.empty() ? "" : " '",
                     denied.name.substr(0, message_bytes_max), denied.name.empty() ? "" : "'", " is not"),
      failure.sql, place, denied.name);
}

Error invalid_query(const QueryFailure& failure) {
  const std::string_view message = failure.message;
  std::optional<std::size_t> offset;
  if (failure.offset >= 0) offset = static_cast<std::size_t>(failure.offset);
  const auto place_of = [&](std::string_view name) { return offset ? offset : find_word(failure.sql, name); };
  // "a.amuont", "main.salesx"
  const auto last_part = [](std::string_view name) {
    return name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  };
  if (const auto name = behind(message, "no such column: ")) {
    return sql_invalid(str("There is no column '", *name, "'"), failure.sql, place_of(last_part(*name)), std::string(last_part(*name)),
                       failure.tables ? failure.tables->column_names(failure.sql) : std::vector<std::string>());
  }
  if (const auto name = behind(message, "no such table: ")) {
    return sql_invalid(str("There is no table '", *name, "'"), failure.sql, place_of(last_part(*name)), std::string(last_part(*name)),
                       failure.tables ? failure.tables->table_names() : std::vector<std::string>());
  }
  // Of functions that views and expressions of the file may not use.
  if (const auto name = behind(message, "unsafe use of ")) {
    const std::string_view bare = name->substr(0, name->find('('));
    return sql_not_allowed(str("The SQL uses the function '", bare, "', which is not allowed"), failure.sql, find_word(failure.sql, bare),
                           std::string(bare));
  }
  if (const auto name = behind(message, "no such function: ")) {
    Error error = sql_invalid(str("There is no function '", *name, "'"), failure.sql, place_of(*name), std::string(*name), {});
    if (const auto near = nearest_function(*name)) error.violations.front().suggestion = *near;
    return error;
  }
  if (const std::string word = near_word(message); !word.empty())
    return sql_invalid(str("The SQL cannot be read at '", word, "'"), failure.sql, offset, word, {});
  if (message == "incomplete input") return sql_invalid("The SQL ends too soon", failure.sql, failure.sql.size(), "", {});
  return sql_invalid(as_sentence(message), failure.sql, offset, "", {});
}

}  // namespace

Error query_too_large() {
  return {.code = ErrorCode::resource_exhausted,
          .message = "The query needs more memory than a query may use: filter it, or group by fewer columns",
          .reason = "query_too_large"};
}

Error storage_error(int code, std::string_view message) {
  Error error;
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      error = {.code = ErrorCode::unavailable,
               .message = "Another program holds the SQLite file locked: wait until it has written, then try again",
               .reason = "file_locked"};
      break;
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
      error = {.code = ErrorCode::failed_precondition,
               .message = "The SQLite file is damaged: check it with `sqlite3 FILE 'PRAGMA integrity_check'`",
               .reason = "file_damaged"};
      break;
    case SQLITE_NOTADB:
      error = {.code = ErrorCode::failed_precondition,
               .message = "The file is not a SQLite database, or it is encrypted",
               .reason = "not_a_database"};
      break;
    case SQLITE_NOMEM: error = out_of_memory(); break;
    case SQLITE_READONLY:
      error = {.code = ErrorCode::failed_precondition,
               .message = "The SQLite file was left in the middle of a change: open it once with a program that may write to it",
               .reason = "file_unfinished"};
      break;
    default:
      error = {.code = ErrorCode::unavailable,
               .message = "The SQLite file cannot be read: check that it is still in place and readable",
               .reason = "warehouse_unreadable"};
  }
  error.detail = str("sqlite ", code, ": ", message);
  return error;
}

Error query_error(const QueryFailure& failure) {
  if (!failure.denied.construct.empty()) return denied_error(failure);
  Error error;
  switch (failure.code & 0xFF) {
    case SQLITE_AUTH: error = sql_not_allowed("Only one SELECT is allowed", failure.sql, {}, ""); break;
    case SQLITE_TOOBIG:
      error = query_too_large();
      error.message = "A value of the query is larger than a value may be: take less of it";
      break;
    case SQLITE_FULL: error = query_too_large(); break;
    case SQLITE_INTERRUPT: error = {.code = ErrorCode::cancelled, .message = "The query was cancelled"}; break;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE: error = invalid_query(failure); break;
    case SQLITE_SCHEMA:
      error = {.code = ErrorCode::unavailable,
               .message = "The tables of the SQLite file were changed meanwhile: ask again",
               .reason = "data_changed"};
      break;
    default: return storage_error(failure.code, failure.message);
  }
  error.detail = str("sqlite ", failure.code, ": ", failure.message);
  return error;
}

}  // namespace bridge::sqlite
