#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "platform/object_store/object_store.h"

namespace bridge {

// Where the parts of a team's dashboards lie in the object store.
inline std::string dashboards_folder(const TeamScope& team) { return "dashboards/" + team.team_id().value() + "/"; }
inline std::string yaml_key(const TeamScope& team, std::string_view slug) { return dashboards_folder(team) + std::string(slug) + ".yaml"; }
inline std::string index_key(const TeamScope& team) { return dashboards_folder(team) + ".index.json"; }
inline std::string history_folder(const TeamScope& team, std::string_view slug) {
  return dashboards_folder(team) + ".history/" + std::string(slug) + "/";
}
inline std::string history_key(const TeamScope& team, std::string_view slug, int version) {
  return history_folder(team, slug) + std::to_string(version) + ".yaml";
}

// The document of a dashboard; nothing when there is none.
Result<std::optional<Object>> find_document_file(const CallContext& context, ObjectStore& store, const TeamScope& team,
                                                 std::string_view slug);

// Slug and generation of every document of a team.
Result<std::map<std::string, Generation>> list_document_files(const CallContext& context, ObjectStore& store, const TeamScope& team);

}  // namespace bridge
