#pragma once

#include <vector>

#include "features/observability/observability_service.h"
#include "features/observability/tool_cache.h"
#include "platform/http/route.h"

namespace bridge {

std::vector<Route> make_observability_routes(ObservabilityService& service, ToolCache& tool_cache);

}  // namespace bridge
