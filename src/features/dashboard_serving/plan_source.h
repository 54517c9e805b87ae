#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "features/dashboard_compiler/plan.h"

namespace bridge {

// What a view needs of the dashboards of a team.
class PlanSource {
 public:
  virtual ~PlanSource() = default;
  // The compiled document in its newest version. not_found when there is none of this name in the caller's team.
  virtual Result<std::shared_ptr<const Plan>> get_plan(const CallContext& context, std::string_view slug) = 0;
  virtual void count_view(const TeamScope& team, std::string_view slug) = 0;
  // Grows with every change of any dashboard, connection or credential; read before an answer is made and compared before it is shown
  // again.
  virtual std::uint64_t change_count() const = 0;
  // The connection of a dashboard, when that is known without reading anything. Does not block.
  virtual std::optional<std::string> find_known_connection(const TeamScope& team, std::string_view slug) = 0;
};

// A dashboard with queries that are run without being asked for; see features/dashboard_documents/schedule.h.
struct ScheduledDashboard {
  std::string slug;
  std::optional<std::vector<std::string>> schedules;  // of any of its queries; missing when they are not known
};

}  // namespace bridge
