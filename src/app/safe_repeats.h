#pragma once

#include <memory>
#include <vector>

#include "platform/cache/byte_cache.h"
#include "platform/http/route.h"

namespace bridge {

// Gives every POST route that is no stream the header `Idempotency-Key`: the first answer under a key is given again for 24 hours to the
// same caller on the same path, without doing the work again; another body under the same key is invalid_argument
// ("idempotency_key_reused"), and a repeat while the first is still at work is failed_precondition ("request_in_progress"). Failures that a
// repeat may mend (429 and 5xx) are not kept. Answers live in memory: after a restart a repeat is a new request.
void add_safe_repeats(std::vector<Route>& routes);

}  // namespace bridge
