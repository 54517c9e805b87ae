#include "features/dashboards/dashboard_files.h"

#include "base/text.h"

namespace bridge {
namespace {

// The slug of "dashboards/{team}/{slug}.yaml"; nothing for keys deeper down and other files.
std::optional<std::string> slug_of_key(std::string_view key, std::string_view folder) {
  if (!key.starts_with(folder) || !key.ends_with(".yaml")) return std::nullopt;
  const std::string_view slug = key.substr(folder.size(), key.size() - folder.size() - 5);
  return is_slug(slug) ? std::optional(std::string(slug)) : std::nullopt;
}

}  // namespace

Result<std::optional<Object>> find_document_file(const CallContext& context, ObjectStore& store, const TeamScope& team,
                                                 std::string_view slug) {
  auto object = store.get(context, yaml_key(team, slug));
  if (object) return std::optional(std::move(*object));
  if (object.error().code == ErrorCode::not_found) return std::optional<Object>();
  return fail(std::move(object).error());
}

Result<std::map<std::string, Generation>> list_document_files(const CallContext& context, ObjectStore& store, const TeamScope& team) {
  std::map<std::string, Generation> files;
  const std::string folder = dashboards_folder(team);
  for (const ObjectName& object : TRY(store.list(context, folder))) {
    if (auto slug = slug_of_key(object.key, folder)) files[*slug] = object.generation;
  }
  return files;
}

}  // namespace bridge
