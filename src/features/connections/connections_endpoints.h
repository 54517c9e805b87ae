#pragma once

#include <vector>

#include "features/connections/connection_service.h"
#include "platform/http/route.h"

namespace bridge {

// Connections and their types. `service` must outlive the routes.
std::vector<Route> connection_routes(ConnectionService& service);

}  // namespace bridge
