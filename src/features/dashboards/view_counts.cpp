#include "features/dashboards/view_counts.h"

#include "base/guarded.h"
#include "features/dashboards/limits.h"

namespace bridge {

ViewCounts::ViewCounts(DashboardIndex& index)
    : index_(index),
      flusher_(start_periodic_task({.name = "counters of views", .interval = dashboard_limits::kAccessFlushInterval},
                                   [this](const std::stop_token&) { (void)flush({}); })) {}

ViewCounts::~ViewCounts() {
  flusher_->stop();
  (void)guarded([&] { return flush({}); });
}

PendingViews ViewCounts::find_pending(const TeamScope& team, std::string_view slug) {
  const std::lock_guard lock(mutex_);
  const auto views = views_.find(team.team_id());
  if (views == views_.end()) return {};
  const auto view = views->second.find(std::string(slug));
  return view == views->second.end() ? PendingViews{} : view->second;
}

void ViewCounts::forget(const TeamScope& team, std::string_view slug) {
  const std::lock_guard lock(mutex_);
  size_ -= views_[team.team_id()].erase(std::string(slug));
}

Result<> ViewCounts::flush(const CallContext& context) {
  std::map<TeamId, std::map<std::string, PendingViews>> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(views_);
    size_ = 0;
  }
  Result<> outcome;
  for (auto& [team_id, views] : taken) {
    const auto done = index_.update(context, TeamScope(team_id), [&](IndexEntries& entries) {
      bool any = false;
      for (const auto& [slug, view] : views) {
        const auto entry = entries.find(slug);
        if (entry == entries.end()) continue;
        entry->second.access_count += view.count;
        entry->second.last_accessed = std::max(entry->second.last_accessed, std::optional(view.last));
        any = true;
      }
      return any;
    });
    if (done) continue;
    for (const auto& [slug, view] : views) add(TeamScope(team_id), slug, view);
    outcome = done;
  }
  return outcome;
}

void ViewCounts::add(const TeamScope& team, std::string_view slug, const PendingViews& views) {
  const std::lock_guard lock(mutex_);
  auto& of_team = views_[team.team_id()];
  auto view = of_team.find(std::string(slug));
  if (view == of_team.end()) {
    if (size_ >= dashboard_limits::kPendingCountersMax) return;
    ++size_;
    view = of_team.emplace(std::string(slug), PendingViews{}).first;
  }
  view->second.count += views.count;
  view->second.last = std::max(view->second.last, views.last);
}

}  // namespace bridge
