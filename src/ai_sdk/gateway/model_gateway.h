#pragma once

#include <memory>
#include <vector>

#include "ai_sdk/core/provider.h"
#include "ai_sdk/gateway/team_limits.h"

namespace bridge {

struct GatewayOptions {
  std::shared_ptr<ModelCallObserver> observer;  // may be null
  std::shared_ptr<TeamLimiter> limiter;         // may be null: no limits
  std::shared_ptr<const Clock> clock;
  bool redact = true;
};

// Another model to ask when one cannot be had.
struct Fallback {
  std::string provider;
  std::string model;  // empty: that provider's default
};

// The same providers, each behind the one way through: redaction → team limits → retry and fallback → circuit breaker → accounting →
// provider. One that needs no network (it is part of this program) is accounted for and nothing else. Fallbacks serve every provider but
// themselves.
std::vector<std::shared_ptr<ProviderAdapter>> behind_gateway(const std::vector<std::shared_ptr<ProviderAdapter>>& providers,
                                                             const std::vector<Fallback>& fallbacks, const GatewayOptions& options);

}  // namespace bridge
