#include "features/warehouse_use/warehouse_use_store.h"

#include "platform/metadata_db/row_mapper.h"

namespace bridge {

Result<std::vector<UseRow>> list_uses(Transaction& transaction, const TeamScope& team, std::int64_t day) {
  return read_rows<UseRow>(TRY(transaction.query(
      str("SELECT ", select_list<UseRow>(), " FROM warehouse_use WHERE team_id = :p1 AND day = :p2"), {team.team_id().value(), day})));
}

Result<> add_use(Transaction& transaction, const TeamScope& team, std::int64_t day, const UseRow& use) {
  // A team that is gone has none.
  TRY(transaction.execute(
      "INSERT INTO warehouse_use (team_id, day, person, connection_id, bytes, queries) SELECT id, CAST(:p2 AS BIGINT), "
      "CAST(:p3 AS TEXT), CAST(:p4 AS TEXT), CAST(:p5 AS BIGINT), CAST(:p6 AS BIGINT) FROM teams WHERE id = :p1 ON CONFLICT (team_id, day, "
      "person, connection_id) DO UPDATE SET bytes = warehouse_use.bytes + excluded.bytes, queries = "
      "warehouse_use.queries + excluded.queries",
      {team.team_id().value(), day, db_text(use.person), db_text(use.connection_id.value()), use.bytes, use.queries}));
  return {};
}

Result<> delete_uses_before(Transaction& transaction, std::int64_t day) {
  TRY(transaction.execute("DELETE FROM warehouse_use WHERE day < :p1", {day}));
  return {};
}

}  // namespace bridge
