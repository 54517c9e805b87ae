#pragma once

#include <memory>

#include "features/connections/connection_service.h"
#include "features/dashboard_generation/generation_ports.h"
#include "features/dashboards/dashboard_service.h"

namespace bridge {

// Reads the warehouse itself, which drivers make cheap to ask again: what an agent sees is what its SQL will meet, scanned into the catalog or
// not. The services must outlive what is made.
std::unique_ptr<CatalogReader> make_catalog_reader(ConnectionService& connections);
std::unique_ptr<DashboardLibrary> make_dashboard_library(DashboardService& dashboards);

}  // namespace bridge
