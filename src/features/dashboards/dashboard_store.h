#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/dashboards/dashboard_index.h"
#include "platform/metadata_db/database.h"

// The rows of `dashboards`: pointers at documents in the object store. They run in the caller's transaction.

namespace bridge {

using DashboardId = Id<struct DashboardTag>;

struct DashboardRow {
  DashboardId id;
  TeamId team_id;
  std::string slug;
  std::string title;
  std::string description;
  std::string gcs_yaml_path;
  UserId owner_user_id;  // empty when the document's owner is no member of the team
  ViewType view_type = ViewType::analytical;
  int version = 0;
  Time created_at;
  Time updated_at;
};
BOOST_DESCRIBE_STRUCT(DashboardRow, (),
                      (id, team_id, slug, title, description, gcs_yaml_path, owner_user_id, view_type, version, created_at, updated_at))

Result<std::vector<DashboardRow>> list_dashboard_rows(Transaction& transaction, const TeamScope& team);
Result<std::optional<DashboardRow>> find_dashboard_row(Transaction& transaction, const TeamScope& team, std::string_view slug);

// Makes the row say what the entry says, unless it already tells of a newer version. Returns whether anything was written.
Result<bool> put_dashboard_row(Transaction& transaction, const TeamScope& team, const IndexEntry& entry, const std::string& gcs_yaml_path);

Result<std::int64_t> delete_dashboard_row(Transaction& transaction, const TeamScope& team, std::string_view slug);

}  // namespace bridge
