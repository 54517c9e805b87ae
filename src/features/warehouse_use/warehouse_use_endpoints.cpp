#include "features/warehouse_use/warehouse_use_endpoints.h"

namespace bridge {

std::vector<Route> warehouse_use_routes(WarehouseUse& use) {
  return {
      {Method::get, "/v1/warehouse-use", Access::viewer,
       [&use](const Request& request) -> Result<Response> { return ok(TRY(use.report(request.context))); },
       docs<void, UseReport>("get_warehouse_use", "Onboarding",
                             "What the team and the caller had their warehouses read today, and what of it they may", {}, "WarehouseUse")},
  };
}

}  // namespace bridge
