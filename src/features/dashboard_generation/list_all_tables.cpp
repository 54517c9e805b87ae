#include "features/dashboard_generation/list_all_tables.h"

namespace bridge {

Result<std::vector<TableInfo>> list_all_tables(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection,
                                               std::size_t tables_max) {
  std::vector<TableInfo> all;
  for (const DatasetInfo& dataset : TRY(catalog.list_datasets(context, connection))) {
    if (all.size() >= tables_max) break;
    std::ranges::move(TRY(catalog.list_tables(context, connection, dataset.name, tables_max - all.size())), std::back_inserter(all));
  }
  return all;
}

}  // namespace bridge
