#pragma once

#include <memory>

#include "ai_sdk/core/provider.h"
#include "base/time.h"

namespace bridge {

// `provider`, and an account of every request to it: tokens, cost, times, how it ended; given to `observer` (may be null) and to the
// request's own. An exception becomes an error here.
std::shared_ptr<ModelCaller> with_accounting(std::shared_ptr<ProviderAdapter> provider, std::shared_ptr<ModelCallObserver> observer,
                                             std::shared_ptr<const Clock> clock);

}  // namespace bridge
