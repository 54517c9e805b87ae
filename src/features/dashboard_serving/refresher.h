#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "features/dashboard_serving/data_service.h"

namespace bridge {

// Runs dashboards whose `cache.refresh` is due, once a minute on a thread of its own, so that those who look in the morning find answers
// that are ready and fresh. Only documents that may be due are read.
class Refresher {
 public:
  virtual ~Refresher() = default;  // waits for the refresh that is at work
  // What the thread does each minute: refreshes what is due at `now`. Returns how many dashboards that were.
  virtual int refresh_due(Time now, std::stop_token stop) = 0;
};

inline constexpr int kMendMinutes = 10;

// All of these must outlive the refresher.
struct RefresherParts {
  PlanSource& plans;
  DashboardDataService& data;
  const Clock& clock;
  std::function<Result<std::vector<TeamId>>()> list_teams;
  std::function<Result<std::vector<ScheduledDashboard>>(const CallContext&)> list_scheduled;  // of the context's team
  // Called for each team every kMendMinutes, so that schedules of files that were changed by hand are known. May be empty.
  std::function<void(const CallContext&)> mend;
};
std::unique_ptr<Refresher> start_refresher(RefresherParts parts);

}  // namespace bridge
