#pragma once

#include <vector>

#include "features/warehouse_use/use_report.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// What a person had a connection read on a day; a row of warehouse_use.
struct UseRow {
  std::string person;
  ConnectionId connection_id;
  std::int64_t bytes = 0;
  std::int64_t queries = 0;
};
BOOST_DESCRIBE_STRUCT(UseRow, (), (person, connection_id, bytes, queries))

// `day` counts from 1970.
Result<std::vector<UseRow>> list_uses(Transaction& transaction, const TeamScope& team, std::int64_t day);
// Adds to what is there.
Result<> add_use(Transaction& transaction, const TeamScope& team, std::int64_t day, const UseRow& use);
Result<> delete_uses_before(Transaction& transaction, std::int64_t day);

}  // namespace bridge
