#pragma once

#include <map>

#include "platform/metadata_db/database.h"

namespace bridge {

// Fills a database with rows made from its schema alone, so that a new migration is met without a word. Not thread-safe.
class RowGenerator {
 public:
  // Inserts `count` rows, numbered from `first`, into every table but schema_migrations, parents before those that refer to them. Foreign
  // keys lead to the parent's row of the same turn; a column that a CHECK lists takes those values in turn; of every three rows one is null
  // wherever it may be. failed_precondition when a table refuses: it names the table, and this generator has to learn its CHECK.
  Result<> fill(Database& database, std::int64_t first, std::int64_t count);

 private:
  // By "table.column": what every CHECK seen so far takes. A step back may rightly refuse what only the newer schema can hold.
  std::map<std::string, std::vector<DbValue>> listed_;
};

}  // namespace bridge
