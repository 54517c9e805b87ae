#pragma once

#include <vector>

#include "features/dashboard_generation/suggestion_service.h"
#include "platform/http/route.h"

namespace bridge {

// POST /v1/charts/suggest. `suggestions` must outlive the routes.
std::vector<Route> make_suggestion_routes(SuggestionService& suggestions);

}  // namespace bridge
