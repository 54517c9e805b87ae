#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace bridge::sqlite {

class ReadableTables;

// What the guard refused within a statement: "the function", "load_extension".
struct Denied {
  std::string construct;
  std::string name;
};

// A failure as SQLite tells it.
struct QueryFailure {
  int code = 0;  // extended
  std::string_view message;
  int offset = -1;  // in the SQL, from 0; -1 when it is not known
  std::string_view sql;
  const Denied& denied;
  const ReadableTables* tables = nullptr;
};

// The same for a person: what is wrong with the SQL and where, or with the file.
Error query_error(const QueryFailure& failure);

// Of codes that are about the file and not about the SQL: it cannot be opened, is locked, is damaged or is no database.
Error storage_error(int code, std::string_view message);

Error query_too_large();

}  // namespace bridge::sqlite
