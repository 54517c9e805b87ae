#include "features/chat/session_store.h"

#include "platform/metadata_db/row_mapper.h"

namespace bridge {

namespace {

class DirectorySessionStore final : public SessionManifestStore {
 public:
  explicit DirectorySessionStore(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Result<> create(const CallContext& context, const SessionManifest& manifest) override {
    return database_->transact(context, [&](Transaction& transaction) { return insert_row(transaction, "session_manifests", manifest); });
  }

  Result<SessionManifest> get(const CallContext& context, const TeamScope& team, const SessionId& id) override {
    static const std::string sql =
        str("SELECT ", select_list<SessionManifest>(), " FROM session_manifests WHERE id = :p1 AND team_id = :p2");
    auto found = TRY(read_value<std::optional<SessionManifest>>(
        *database_, context, [&](Transaction& transaction) -> Result<std::optional<SessionManifest>> {
          return read_first<SessionManifest>(TRY(transaction.query(sql, {id.value(), team.team_id().value()})));
        }));
    if (!found) return fail(ErrorCode::not_found, "There is no such session");
    return *std::move(found);
  }

  Result<std::vector<SessionManifest>> list(const CallContext& context, const TeamScope& team, const UserId& person,
                                            const SessionId& before, int limit) override {
    std::string sql = str("SELECT ", select_list<SessionManifest>(), " FROM session_manifests WHERE team_id = :p1");
    std::vector<DbValue> values{team.team_id().value()};
    const auto add = [&](std::string_view condition, const std::string& value) {
      values.push_back(value);
      sql += str(" AND ", condition, " :p", values.size());
    };
    if (person.empty()) sql += " AND person_id IS NULL";
    else add("person_id =", person.value());
    // Ids sort by the time they were made.
    if (!before.empty()) add("id <", before.value());
    sql += str(" ORDER BY id DESC LIMIT ", limit);
    return read_value<std::vector<SessionManifest>>(*database_, context,
                                                    [&](Transaction& transaction) -> Result<std::vector<SessionManifest>> {
                                                      return read_rows<SessionManifest>(TRY(transaction.query(sql, values)));
                                                    });
  }

  Result<> update(const CallContext& context, const TeamScope& team, const SessionManifest& manifest) override {
    // Only what changes in a session's life: whose it is and how it began stay.
    constexpr std::string_view sql =
        "UPDATE session_manifests SET title = :p3, status = :p4, total_tokens = :p5, total_cost_usd = :p6, unpriced_calls = :p8, ended_at "
        "= :p7 WHERE id = :p1 "
        "AND team_id = :p2";
    return database_->transact(context, [&](Transaction& transaction) -> Result<> {
      const std::vector<DbValue> values = {manifest.id.value(),
                                           team.team_id().value(),
                                           manifest.title,
                                           std::string(enum_name(manifest.status)),
                                           manifest.total_tokens,
                                           manifest.total_cost_usd,
                                           manifest.ended_at ? db_time(*manifest.ended_at) : DbValue(nullptr),
                                           manifest.unpriced_calls};
      if (TRY(transaction.execute(sql, values)) == 0) return fail(ErrorCode::not_found, "There is no such session");
      return {};
    });
  }

 private:
  std::shared_ptr<Database> database_;
};

}  // namespace

std::shared_ptr<SessionManifestStore> make_session_store(std::shared_ptr<Database> database) {
  return std::make_shared<DirectorySessionStore>(std::move(database));
}

}  // namespace bridge
