#include "warehouse/data_roots.h"

#include "base/text.h"
#include "warehouse/local_path.h"

namespace bridge {

Result<DataRoots> DataRoots::parse(std::string_view text) {
  constexpr const char* allowed =
      "absolute folders with ':' between them, each with 'team=' before it when it is for one: sales=/srv/sales:/srv/shared";
  DataRoots out;
  if (text.empty()) return out;
  for (const std::string& part : split(text, ':')) {
    const std::size_t equals = part.find('=');
    const bool is_for_one = equals != std::string::npos && !part.starts_with('/');
    Root root{.team = is_for_one ? part.substr(0, equals) : "", .folder = is_for_one ? part.substr(equals + 1) : part};
    if (!root.folder.is_absolute() || (is_for_one && root.team.empty())) return fail(ErrorCode::invalid_argument, allowed);
    out.roots_.push_back(std::move(root));
  }
  return out;
}

Result<> DataRoots::check(const std::filesystem::path& place, std::string_view team_slug) const {
  const std::filesystem::path real = local_path_of(place.string());
  std::vector<std::string> folders;
  for (const Root& root : roots_) {
    if (!root.team.empty() && root.team != team_slug) continue;
    if (is_in_folder(real, local_path_of(root.folder.string()))) return {};
    folders.push_back(root.folder.string());
  }
  return fail(ErrorCode::permission_denied, "path_not_allowed",
              folders.empty() ? str("No folder is allowed for this team's data: ask the operator to name one in BRIDGE_DATA_ROOTS")
                              : str("'path' must be in a folder that is allowed for this team's data: ", join(folders, ", ")));
}

}  // namespace bridge
