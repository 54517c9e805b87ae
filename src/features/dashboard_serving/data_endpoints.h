#pragma once

#include <memory>
#include <vector>

#include "features/dashboard_serving/data_service.h"
#include "platform/http/route.h"

namespace bridge {

// GET …/data, …/query/{query_id}/data, …/explain and POST …/precompute. A view that was just answered is answered again from the I/O
// thread: the bytes are kept ready for a second in each encoding that was asked for.
std::vector<Route> data_routes(DashboardDataService& service, PlanSource& plans);

}  // namespace bridge
