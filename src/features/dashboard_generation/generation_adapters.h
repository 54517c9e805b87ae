#pragma once

#include <memory>

#include "features/catalog/catalog_service.h"
#include "features/connections/connection_service.h"
#include "features/dashboard_generation/generation_ports.h"
#include "features/dashboards/dashboard_service.h"

namespace bridge {

// The services must outlive what is made.
std::unique_ptr<CatalogReader> make_catalog_reader(ConnectionService& connections, CatalogService& catalog);
std::unique_ptr<DashboardLibrary> make_dashboard_library(DashboardService& dashboards);

}  // namespace bridge
