#pragma once

#include "features/dashboard_generation/generation_ports.h"

namespace bridge {

// Tables of every dataset, datasets in their order, at most so many.
Result<std::vector<TableInfo>> list_all_tables(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection,
                                               std::size_t tables_max);

}  // namespace bridge
