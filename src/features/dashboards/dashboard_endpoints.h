#pragma once

#include <vector>

#include "features/dashboards/dashboard_service.h"
#include "platform/http/route.h"

namespace bridge {

// Saving, listing, reading, validating and restoring dashboards, and their JSON Schema. Data is in data_endpoints.h.
std::vector<Route> dashboard_routes(DashboardService& service);

}  // namespace bridge
