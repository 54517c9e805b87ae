#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "features/dashboards/dashboard.h"
#include "features/dashboards/loaded_documents.h"

namespace bridge {

// The earlier versions of dashboards, each a file beside the documents. Thread-safe.
class DashboardHistory final {
 public:
  // `store` must outlive it.
  explicit DashboardHistory(ObjectStore& store) : store_(store) {}

  // Keeps a text that is about to be replaced or removed.
  Result<> put(const CallContext& context, const TeamScope& team, std::string_view slug, const LoadedDocument& current);
  // The text of a version; not_found, with those that there are, when it is none.
  Result<std::string> get(const CallContext& context, const TeamScope& team, std::string_view slug, int version);
  // Oldest first.
  Result<std::vector<int>> list_versions(const CallContext& context, const TeamScope& team, std::string_view slug);
  // What each version changed: `current` and those before it, newest first, at most `limit`.
  Result<std::vector<DashboardVersion>> describe(const CallContext& context, const TeamScope& team, std::string_view slug,
                                                 const LoadedDocument& current, std::size_t limit);
  // Removes the oldest beyond kHistoryMax. What cannot be removed now goes after the next save.
  void prune(const CallContext& context, const TeamScope& team, std::string_view slug);

 private:
  ObjectStore& store_;
};

}  // namespace bridge
