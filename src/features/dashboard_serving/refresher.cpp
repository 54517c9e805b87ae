#include "features/dashboard_serving/refresher.h"

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "features/dashboard_documents/schedule.h"
#include "platform/work/periodic_task.h"

namespace bridge {
namespace {

using namespace std::chrono;

constexpr seconds kLookAtTheClockEvery{1};

CallContext context_of(const TeamId& team, std::stop_token stop) {
  CallContext context;
  context.caller = {.team_id = team, .role = Role::admin, .credential_id = "schedule"};
  context.stop = std::move(stop);
  context.work_class = WorkClass::background;
  return context;
}

bool is_any_due(const std::vector<std::string>& schedules, Time now) {
  return std::ranges::any_of(schedules, [&](const std::string& text) {
    const auto schedule = parse_schedule(text);
    return schedule && is_due(*schedule, now);
  });
}

// The queries that are due: their own schedule, else that of the document.
std::vector<std::string> due_queries(const Plan& plan, Time now) {
  std::vector<std::string> ids;
  for (const PlannedQuery& query : plan.queries) {
    const auto schedule = parse_schedule(query.refresh);
    if (schedule && is_due(*schedule, now)) ids.push_back(query.id);
  }
  return ids;
}

class MinuteRefresher final : public Refresher {
 public:
  explicit MinuteRefresher(RefresherParts parts)
      : parts_(std::move(parts)),
        done_(floor<minutes>(parts_.clock.now())),
        task_(start_periodic_task({.name = "due refreshes", .interval = kLookAtTheClockEvery},
                                  [this](const std::stop_token& stop) { refresh_in_new_minute(stop); })) {}

  int refresh_due(Time now, std::stop_token stop) override {
    const auto teams = parts_.list_teams();
    if (!teams) {
      log_warning("refresh_failed", {{"error", describe_error(teams.error())}});
      return 0;
    }
    int refreshed = 0;
    for (const TeamId& team : *teams) {
      // A team whose refresh throws keeps no other from its own.
      const Result<int> count = guarded([&] { return refresh_team(context_of(team, stop), now); });
      if (!count) log_failure("refresh_failed", team.value(), count.error());
      refreshed += count.value_or(0);
    }
    return refreshed;
  }

 private:
  int refresh_team(const CallContext& context, Time now) {
    if (parts_.mend && floor<minutes>(now).time_since_epoch() % minutes(kMendMinutes) == minutes(0)) parts_.mend(context);
    const auto scheduled = parts_.list_scheduled(context);
    if (!scheduled) {
      log_warning("refresh_failed", {{"error", describe_error(scheduled.error())}});
      return 0;
    }
    int refreshed = 0;
    for (const auto& [slug, schedules] : *scheduled) {
      if (context.stop.stop_requested()) break;
      if (schedules && !is_any_due(*schedules, now)) continue;
      const auto plan = parts_.plans.get_plan(context, slug);
      if (!plan) continue;
      std::vector<std::string> ids = due_queries(**plan, now);
      if (ids.empty()) continue;
      ++refreshed;
      refresh(context, slug, std::move(ids));
    }
    return refreshed;
  }

  void refresh(const CallContext& context, const std::string& slug, std::vector<std::string> ids) {
    const auto outcomes = parts_.data.run(context, {.slug = slug, .parameters = {}, .only = std::move(ids), .fresh = true});
    if (!outcomes) {
      log_warning("refresh_failed", {{"slug", slug}, {"error", describe_error(outcomes.error())}});
      return;
    }
    for (const QueryOutcome& outcome : *outcomes) {
      if (!outcome.answer)
        log_warning("refresh_failed", {{"slug", slug}, {"query", outcome.id}, {"error", describe_error(outcome.answer.error())}});
    }
    log_info("refreshed", {{"slug", slug}, {"queries", str(outcomes->size())}});
  }

  void refresh_in_new_minute(const std::stop_token& stop) {
    const Time minute = floor<minutes>(parts_.clock.now());
    if (minute <= done_) return;
    done_ = minute;
    refresh_due(minute, stop);
  }

  RefresherParts parts_;
  Time done_;                                 // the last minute that was looked at
  const std::unique_ptr<PeriodicTask> task_;  // last: it uses everything above
};

}  // namespace

std::unique_ptr<Refresher> start_refresher(RefresherParts parts) { return std::make_unique<MinuteRefresher>(std::move(parts)); }

}  // namespace bridge
