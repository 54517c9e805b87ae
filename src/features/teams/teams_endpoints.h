#pragma once

#include <vector>

#include "features/teams/team_service.h"
#include "platform/http/route.h"

namespace bridge {

// Teams, keys, the web session, and who the caller is. `service` must outlive the routes.
std::vector<Route> team_routes(TeamService& service);

}  // namespace bridge
