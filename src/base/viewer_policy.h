#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bridge {

// A table that a statement reads, by the names that the warehouse lists it under, and where the statement first names it: from 1, 0 where
// that is not known.
struct TableRead {
  std::string dataset;
  std::string name;
  int line = 0;
  int column = 0;
};

struct ColumnRead {
  std::string dataset;
  std::string table;
  std::string column;

  auto operator<=>(const ColumnRead&) const = default;
};

// What one read-only statement reads. Views are named as themselves, and not as what is beneath them.
struct SqlReads {
  std::vector<TableRead> tables;       // each once
  std::vector<ColumnRead> columns;     // sorted, each once; never fewer than it reads, and all of its tables where the SQL does not tell
  std::vector<std::string> functions;  // in lower case, sorted, each once; the engine's names for operators may be among them
};

// What a viewer sees of their team's data: the SQL that is run in the place of the SQL that was asked for. Who has none sees all of it.
// Thread-safe, never changes.
class ViewerPolicy {
 public:
  virtual ~ViewerPolicy() = default;

  // Equal only where the same is seen of the same data; never empty. Part of the key of everything that is kept (ViewerScope).
  virtual const std::string& fingerprint() const = 0;

  // `sql` as it is run for this viewer, in the same dialect and with the same placeholders; `reads` is what the guard found in it. An
  // error: it is not run at all.
  virtual Result<std::string> rewrite(std::string_view sql, const SqlReads& reads) const = 0;
};

}  // namespace bridge
