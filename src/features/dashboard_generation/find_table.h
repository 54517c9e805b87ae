#pragma once

#include "features/dashboard_generation/generation_ports.h"

namespace bridge {

// The table that a model means: by sql_name, "dataset.name", or the name alone when only one dataset has it; letter case counts only where
// it decides. not_found ("unknown_table") with the nearest names and all there are.
Result<TableInfo> find_table(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection, std::string_view name);

// Every table of every dataset, bounded; datasets in their order.
Result<std::vector<TableInfo>> list_all_tables(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection, std::size_t tables_max);

}  // namespace bridge
