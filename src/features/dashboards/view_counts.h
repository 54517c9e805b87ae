#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "features/dashboards/dashboard_index.h"
#include "platform/work/periodic_task.h"

namespace bridge {

// Counts views in memory, and writes them into the index once a minute: a view writes nothing. Thread-safe.
class ViewCounts final {
 public:
  // `index` must outlive it.
  explicit ViewCounts(DashboardIndex& index);
  ~ViewCounts();  // writes what was counted

  void count(const TeamScope& team, std::string_view slug, Time at) { add(team, slug, {1, at}); }
  PendingViews find_pending(const TeamScope& team, std::string_view slug);
  void forget(const TeamScope& team, std::string_view slug);
  // Those of a team whose index cannot be written stay counted.
  Result<> flush(const CallContext& context);

 private:
  void add(const TeamScope& team, std::string_view slug, const PendingViews& views);

  DashboardIndex& index_;
  std::mutex mutex_;
  std::map<TeamId, std::map<std::string, PendingViews>> views_;
  std::size_t size_ = 0;                         // of all teams
  const std::unique_ptr<PeriodicTask> flusher_;  // last: it uses everything above
};

}  // namespace bridge
