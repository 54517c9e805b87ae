#pragma once

#include <vector>

#include "features/jobs/job_service.h"
#include "platform/http/route.h"

namespace bridge {

// One job, and its cancellation. `service` must outlive the routes.
std::vector<Route> job_routes(JobService& service);

}  // namespace bridge
