#include "features/dashboard_generation/list_all_tables.h"

namespace bridge {

Result<std::vector<TableInfo>> list_all_tables(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection,
                                               std::size_t tables_max) {
  std::vector<TableInfo> all;
  for (const DatasetInfo& dataset : TRY(catalog.list_datasets(context, connection))) {
    for (TableInfo& table : TRY(catalog.list_tables(context, connection, dataset.name))) {
      if (all.size() >= tables_max) return all;
      all.push_back(std::move(table));
    }
  }
  return all;
}

}  // namespace bridge
