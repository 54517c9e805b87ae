#pragma once

#include <vector>

#include "features/dashboard_generation/generation_service.h"
#include "platform/http/route.h"

namespace bridge {

// POST /v1/dashboards/generate. `generation` must outlive the routes.
std::vector<Route> make_generation_routes(GenerationService& generation);

}  // namespace bridge
