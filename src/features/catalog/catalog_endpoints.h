#pragma once

#include <vector>

#include "features/catalog/catalog_service.h"
#include "platform/http/route.h"

namespace bridge {

// Discover, scan, browse and search. `service` must outlive the routes.
std::vector<Route> catalog_routes(CatalogService& service);

}  // namespace bridge
