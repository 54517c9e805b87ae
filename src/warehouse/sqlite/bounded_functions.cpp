#include "warehouse/sqlite/bounded_functions.h"

#include <sqlite3.h>

#include <array>
#include <map>
#include <memory>
#include <string_view>

#include "base/guarded.h"
#include "base/text.h"
#include "warehouse/sqlite/limits.h"

namespace bridge::sqlite {

namespace {

bool is_null(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

std::string_view text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return text ? std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(value))) : std::string_view();
}

std::string_view bytes_of(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))) : std::string_view();
}

// False, and the function fails, when what is looked for is too long.
bool is_short_enough(sqlite3_context* context, std::string_view name, std::string_view searched) {
  if (searched.size() <= searched_bytes_max) return true;
  sqlite3_result_error(context, str(name, "() looks for at most ", searched_bytes_max, " bytes").c_str(), -1);
  return false;
}

void give_text(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// instr(X, Y): where Y first stands in X, from 1, in characters; in bytes when both are blobs. 0 when it does not.
void run_instr(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0]) || is_null(values[1])) return;
  const bool is_blob = sqlite3_value_type(values[0]) == SQLITE_BLOB && sqlite3_value_type(values[1]) == SQLITE_BLOB;
  const std::string_view text = is_blob ? bytes_of(values[0]) : text_of(values[0]);
  const std::string_view searched = is_blob ? bytes_of(values[1]) : text_of(values[1]);
  if (!is_short_enough(context, "instr", searched)) return;
  const std::size_t at = text.find(searched);
  if (at == std::string_view::npos) return sqlite3_result_int(context, 0);
  const auto before = text.substr(0, at);
  sqlite3_result_int64(context,
                       1 + (is_blob ? static_cast<std::int64_t>(at)
                                    : static_cast<std::int64_t>(before.size()) - std::ranges::count_if(before, continues_character)));
}

// replace(X, Y, Z): X with Z wherever Y stands; X when Y is empty.
void run_replace(sqlite3_context* context, int, sqlite3_value** values) {
  if (is_null(values[0]) || is_null(values[1]) || is_null(values[2])) return;
  const std::string_view text = text_of(values[0]);
  const std::string_view searched = text_of(values[1]);
  const std::string_view with = text_of(values[2]);
  if (!is_short_enough(context, "replace", searched)) return;
  if (searched.empty()) return give_text(context, text);
  std::string out;
  const Result<bool> made = guarded([&] {
    for (std::size_t at = 0;;) {
      const std::size_t next = text.find(searched, at);
      out.append(text, at, next == std::string_view::npos ? next : next - at);
      if (next == std::string_view::npos) return true;
      out += with;
      if (out.size() > static_cast<std::size_t>(value_bytes_max)) return false;
      at = next + searched.size();
    }
  });
  if (!made) return sqlite3_result_error_nomem(context);
  if (!*made) return sqlite3_result_error_toobig(context);
  give_text(context, out);
}

enum Sides : std::uintptr_t { left_side = 1, right_side = 2 };

// trim(X, Y): X without the characters of Y at its ends; of blanks when there is no Y.
void run_trim(sqlite3_context* context, int count, sqlite3_value** values) {
  if (is_null(values[0]) || (count == 2 && is_null(values[1]))) return;
  const auto sides = reinterpret_cast<std::uintptr_t>(sqlite3_user_data(context));
  std::string_view text = text_of(values[0]);
  const std::string_view taken = count == 2 ? text_of(values[1]) : " ";
  if (!is_short_enough(context, "trim", taken)) return;
  std::array<std::string_view, searched_bytes_max> characters;
  std::size_t characters_count = 0;
  for (std::size_t at = 0; at < taken.size();) {
    std::size_t end = at + 1;
    while (end < taken.size() && continues_character(taken[end])) ++end;
    characters[characters_count++] = taken.substr(at, end - at);
    at = end;
  }
  const auto take_one = [&](bool at_left) {
    for (std::size_t i = 0; i < characters_count; ++i) {
      const std::string_view character = characters[i];
      if (at_left ? text.starts_with(character) : text.ends_with(character)) {
        at_left ? text.remove_prefix(character.size()) : text.remove_suffix(character.size());
        return true;
      }
    }
    return false;
  };
  while ((sides & left_side) != 0 && take_one(true)) {
  }
  while ((sides & right_side) != 0 && take_one(false)) {
  }
  give_text(context, text);
}

// Whether no field of a format is told to be wide, or by an argument how wide it is.
bool has_narrow_fields(std::string_view format) {
  for (std::size_t at = format.find('%'); at != std::string_view::npos; at = format.find('%', at)) {
    std::size_t digits = 0;
    for (++at; at < format.size() && std::string_view("-+ #,!.0123456789l*").contains(format[at]); ++at) {
      digits = std::isdigit(static_cast<unsigned char>(format[at])) != 0 ? digits + 1 : 0;
      if (format[at] == '*' || digits > field_digits_max) return false;
    }
    if (at < format.size()) ++at;  // the letter, or the second %
  }
  return true;
}

// SQLite's own printf, on a connection without any data: its name stands for another function on that of the warehouse.
class Formatter final {
 public:
  ~Formatter() {
    for (const auto& [count, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }

  // An SQLite code.
  int run(sqlite3_context* context, int count, sqlite3_value** values) {
    if (!handle_) {
      if (const int code = sqlite3_open_v2(":memory:", &handle_, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr); code != SQLITE_OK)
        return code;
      sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, value_bytes_max);
    }
    sqlite3_stmt*& statement = statements_[count];
    if (!statement) {
      std::string sql = "SELECT printf(?1";
      for (int i = 2; i <= count; ++i) sql += str(", ?", i);
      sql += ")";
      if (const int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr); code != SQLITE_OK) return code;
    }
    const AtEnd reset([statement] {
      sqlite3_reset(statement);
      sqlite3_clear_bindings(statement);
    });
    for (int i = 0; i < count; ++i) {
      if (const int code = sqlite3_bind_value(statement, i + 1, values[i]); code != SQLITE_OK) return code;
    }
    if (const int code = sqlite3_step(statement); code != SQLITE_ROW) return code;
    sqlite3_result_value(context, sqlite3_column_value(statement, 0));
    return SQLITE_OK;
  }

 private:
  sqlite3* handle_ = nullptr;
  std::map<int, sqlite3_stmt*> statements_;  // by the number of arguments, of which there are `function_arguments_max` at most
};

void run_printf(sqlite3_context* context, int count, sqlite3_value** values) {
  if (count == 0 || is_null(values[0])) return;
  if (!has_narrow_fields(text_of(values[0]))) {
    return sqlite3_result_error(
        context, str("printf() takes widths of at most ", field_digits_max, " digits, written in the format itself").c_str(), -1);
  }
  const auto code = guarded([&] { return static_cast<Formatter*>(sqlite3_user_data(context))->run(context, count, values); });
  if (!code) sqlite3_result_error_nomem(context);
  else if (*code != SQLITE_OK) sqlite3_result_error_code(context, *code);
}

struct BoundedFunction {
  const char* name;
  int arguments;
  void (*run)(sqlite3_context*, int, sqlite3_value**);
  std::uintptr_t sides = 0;
};
constexpr BoundedFunction bounded_functions[] = {
    {"instr", 2, &run_instr},
    {"replace", 3, &run_replace},
    {"trim", 1, &run_trim, left_side | right_side},
    {"trim", 2, &run_trim, left_side | right_side},
    {"ltrim", 1, &run_trim, left_side},
    {"ltrim", 2, &run_trim, left_side},
    {"rtrim", 1, &run_trim, right_side},
    {"rtrim", 2, &run_trim, right_side},
};

}  // namespace

Result<> install_bounded_functions(sqlite3* connection) {
  for (const BoundedFunction& function : bounded_functions) {
    if (sqlite3_create_function_v2(connection, function.name, function.arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                   reinterpret_cast<void*>(function.sides), function.run, nullptr, nullptr, nullptr) != SQLITE_OK)
      return std::unexpected(out_of_memory());
  }
  for (const char* name : {"printf", "format"}) {
    auto formatter = std::make_unique<Formatter>();
    // Deletes it, also when it fails.
    if (sqlite3_create_function_v2(connection, name, -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, formatter.release(),
                                   &run_printf, nullptr, nullptr, [](void* one) { delete static_cast<Formatter*>(one); }) != SQLITE_OK)
      return std::unexpected(out_of_memory());
  }
  return {};
}

}  // namespace bridge::sqlite
