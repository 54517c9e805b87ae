#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bridge {

// The folders of the server's machine that warehouses of files may lie in, as the operator says. Immutable.
class DataRoots final {
 public:
  // "sales=/srv/sales:/srv/shared": with colons, each for every team or, after the team's short name and '=', for that one. Empty: unset.
  // invalid_argument, with what is allowed.
  static Result<DataRoots> parse(std::string_view text);

  bool is_unset() const { return roots_.empty(); }

  // Whether a place may be a warehouse of the team, after all links on the way to it. permission_denied ("path_not_allowed") names the
  // folders that are the team's, and is the same whether the place exists or not.
  Result<> check(const std::filesystem::path& place, std::string_view team_slug) const;

 private:
  struct Root {
    std::string team;  // empty: every team
    std::filesystem::path folder;
  };
  std::vector<Root> roots_;
};

}  // namespace bridge
