#pragma once

#include <optional>
#include <vector>

#include "features/catalog/catalog.h"
#include "features/teams/page.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// The JSON of a table's `schema` column.
struct StoredColumns {
  std::vector<ColumnInfo> columns;
  std::vector<TableKey> keys;
};
BOOST_DESCRIBE_STRUCT(StoredColumns, (), (columns, keys))
template <>
inline constexpr auto field_notes<StoredColumns> = std::to_array<FieldNote>({{.name = "keys", .optional = true}});

struct CatalogTableRow : CatalogTable {
  StoredColumns schema;
};
BOOST_DESCRIBE_STRUCT(CatalogTableRow, (CatalogTable), (schema))

// A table with where it belongs.
struct LocatedTable {
  CatalogTableRow table;
  ConnectionId connection_id;
  std::string dataset;
};

// A dataset is its connection's, and a connection its team's: every look-up goes through both.
Result<std::optional<Dataset>> find_dataset(Transaction& transaction, const TeamScope& scope, const DatasetId& id);
Result<std::optional<Dataset>> find_dataset_by_name(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                                                    std::string_view name);
Result<std::vector<Dataset>> list_datasets_of(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                                              const Page& page);
// Creates, updates and deletes until the records are what was found.
Result<> save_datasets(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                       const std::vector<DatasetInfo>& found, Time now);
Result<> mark_scan(Transaction& transaction, const TeamScope& scope, const DatasetId& id, const JobId& job, ScanStatus status,
                   std::optional<Time> scanned_at);

Result<std::optional<LocatedTable>> find_table(Transaction& transaction, const TeamScope& scope, const TableId& id);
Result<std::vector<CatalogTable>> list_tables_of(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset,
                                                 const Page& page);
// In the order of their names.
Result<std::vector<CatalogTableRow>> list_table_rows_of(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset,
                                                        std::size_t tables_max);
// By "dataset.table" or the table's sql_name.
Result<std::optional<CatalogTableRow>> find_table_row(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset,
                                                      std::string_view name);
Result<std::vector<std::string>> list_sql_names_of(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset);
// `scan` is when the scan began, and names it: no clock that jumps can mistake one scan's tables for another's.
Result<> save_table(Transaction& transaction, const Dataset& dataset, const TableInfo& found, Time scan);
// All that was found in a connection, with the tables.
Result<> delete_datasets_of(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection);
Result<> delete_tables_of_other_scans(Transaction& transaction, const Dataset& dataset, Time scan);
// Tables of the team whose name, description or columns hold the text (lower case); of one connection when it is named.
Result<std::vector<LocatedTable>> search_tables(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                                                std::string_view text);

}  // namespace bridge
