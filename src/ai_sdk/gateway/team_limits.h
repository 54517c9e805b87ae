#pragma once

#include <functional>
#include <memory>

#include "ai_sdk/core/provider.h"
#include "base/time.h"

namespace bridge {

// What one team may use up. 0: no limit.
struct TeamLimits {
  int calls_at_once_max = 0;
  std::int64_t tokens_per_hour_max = 0;
  std::int64_t nano_usd_per_day_max = 0;
};

struct TeamUse {
  std::int64_t tokens = 0;
  std::int64_t nano_usd = 0;
};

// What a team has used since then, from an account that outlives the process; asked once per team and window.
using TeamUseReader = std::function<Result<TeamUse>(const CallContext& context, const TeamScope& team, Time since)>;

// Keeps each team within its limits, over all providers. Hours and days are those of UTC. Thread-safe.
class TeamLimiter {
 public:
  virtual ~TeamLimiter() = default;

  // Sets aside the most that a call can use. resource_exhausted ("team_busy", "team_token_limit", "team_budget_spent") with the time until
  // it helps to try again. Everything that was set aside must be settled.
  virtual Result<> reserve(const CallContext& context, const TeamUse& most) = 0;
  virtual void settle(const TeamId& team, const TeamUse& reserved, const TeamUse& used) = 0;
};

// `read_use` may be empty: each process then begins at zero.
std::shared_ptr<TeamLimiter> make_team_limiter(TeamLimits limits, std::shared_ptr<const Clock> clock, TeamUseReader read_use = {});

// `caller` within the limits of the team that calls: set aside before, settled after, every attempt counted.
std::shared_ptr<ModelCaller> with_team_limits(std::shared_ptr<ModelCaller> caller, std::shared_ptr<TeamLimiter> limiter,
                                              std::string price_list, std::shared_ptr<const Clock> clock);

}  // namespace bridge
