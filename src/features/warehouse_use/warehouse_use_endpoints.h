#pragma once

#include <vector>

#include "features/warehouse_use/warehouse_use.h"
#include "platform/http/route.h"

namespace bridge {

std::vector<Route> warehouse_use_routes(WarehouseUse& use);

}  // namespace bridge
