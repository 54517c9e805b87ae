#include "features/dashboards/dashboard_store.h"

#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

Result<UserId> find_owner(Transaction& transaction, const TeamScope& team, const std::string& email) {
  if (email.empty()) return UserId();
  const auto rows = TRY(transaction.query(
      "SELECT u.id FROM users u JOIN team_members m ON m.user_id = u.id WHERE m.team_id = :p1 AND LOWER(u.email) = LOWER(:p2)",
      {team.team_id().value(), email}));
  return rows.empty() ? UserId() : UserId(std::get<std::string>(rows.front().values.front()));
}

}  // namespace

Result<std::vector<DashboardRow>> list_dashboard_rows(Transaction& transaction, const TeamScope& team) {
  return read_rows<DashboardRow>(TRY(transaction.query(
      str("SELECT ", select_list<DashboardRow>(), " FROM dashboards WHERE team_id = :p1 ORDER BY slug"), {team.team_id().value()})));
}

Result<std::optional<DashboardRow>> find_dashboard_row(Transaction& transaction, const TeamScope& team, std::string_view slug) {
  return read_first<DashboardRow>(
      TRY(transaction.query(str("SELECT ", select_list<DashboardRow>(), " FROM dashboards WHERE team_id = :p1 AND slug = :p2"),
                            {team.team_id().value(), db_text(slug)})));
}

Result<bool> put_dashboard_row(Transaction& transaction, const TeamScope& team, const IndexEntry& entry, const std::string& gcs_yaml_path) {
  const auto current = TRY(find_dashboard_row(transaction, team, entry.slug));
  if (current && current->version > entry.version) return false;
  DashboardRow row{.id = current ? current->id : DashboardId::make(),
                   .team_id = team.team_id(),
                   .slug = entry.slug,
                   .title = entry.title,
                   .description = entry.description,
                   .gcs_yaml_path = gcs_yaml_path,
                   .owner_user_id = TRY(find_owner(transaction, team, entry.owner_email)),
                   .view_type = entry.view_type,
                   .version = entry.version,
                   .created_at = entry.created_at,
                   .updated_at = entry.updated_at};
  if (!current) {
    TRY(insert_row(transaction, "dashboards", row));
    return true;
  }
  if (to_json(*current) == to_json(row)) return false;
  TRY(update_row(transaction, "dashboards", row));
  return true;
}

Result<std::int64_t> delete_dashboard_row(Transaction& transaction, const TeamScope& team, std::string_view slug) {
  return transaction.execute("DELETE FROM dashboards WHERE team_id = :p1 AND slug = :p2", {team.team_id().value(), db_text(slug)});
}

}  // namespace bridge
