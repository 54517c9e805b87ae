#include "features/catalog/catalog_store.h"

#include "features/catalog/limits.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

// A scan whose job is over without having said so (its process died too often) has failed.
std::string dataset_columns() {
  return replace_all(
      select_list<Dataset>("d"), "d.catalog_job_status",
      "CASE WHEN d.catalog_job_status = 'running' AND j.status IN ('failed', 'cancelled') THEN 'failed' ELSE d.catalog_job_status END");
}

constexpr std::string_view kDatasetsOfTeam =
    " FROM datasets d JOIN connections c ON c.id = d.connection_id LEFT JOIN jobs j ON j.id = d.catalog_job_id WHERE c.team_id = :p1 AND ";
constexpr std::string_view kTablesOfTeam =
    " FROM tables t JOIN datasets d ON d.id = t.dataset_id JOIN connections c ON c.id = d.connection_id WHERE c.team_id = :p1 AND ";

std::string cut(std::string_view text, std::size_t bytes_max) {
  std::size_t size = std::min(text.size(), bytes_max);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size));
}

Result<std::vector<LocatedTable>> read_located(const std::vector<DbRow>& rows) {
  std::vector<LocatedTable> out;
  for (const DbRow& row : rows) {
    LocatedTable& located = out.emplace_back();
    located.table = TRY(read_row<CatalogTableRow>(row, 2));
    TRY(detail::from_db(row.values[0], located.connection_id, "connection_id"));
    TRY(detail::from_db(row.values[1], located.dataset, "name"));
  }
  return out;
}

}  // namespace

Result<std::optional<Dataset>> find_dataset(Transaction& transaction, const TeamScope& scope, const DatasetId& id) {
  return read_first<Dataset>(
      TRY(transaction.query(str("SELECT ", dataset_columns(), kDatasetsOfTeam, "d.id = :p2"), {scope.team_id().value(), id.value()})));
}

Result<std::optional<Dataset>> find_dataset_by_name(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                                                    std::string_view name) {
  return read_first<Dataset>(
      TRY(transaction.query(str("SELECT ", dataset_columns(), kDatasetsOfTeam, "d.connection_id = :p2 AND d.name = :p3"),
                            {scope.team_id().value(), connection.value(), db_text(name)})));
}

Result<std::vector<Dataset>> list_datasets_of(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                                              const Page& page) {
  return read_rows<Dataset>(TRY(
      transaction.query(str("SELECT ", dataset_columns(), kDatasetsOfTeam, "d.connection_id = :p2 AND d.id > :p3 ORDER BY d.id LIMIT :p4"),
                        {scope.team_id().value(), connection.value(), page.after, static_cast<std::int64_t>(page.limit + 1)})));
}

Result<> save_datasets(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                       const std::vector<DatasetInfo>& found, Time now) {
  const auto known = TRY(list_datasets_of(transaction, scope, connection, {.limit = static_cast<int>(kDatasetsPerConnectionMax)}));
  std::map<std::string_view, const Dataset*> by_name;
  for (const Dataset& dataset : known) by_name[dataset.name] = &dataset;
  for (const DatasetInfo& info : found) {
    const auto same = by_name.find(info.name);
    if (same != by_name.end()) {
      TRY(transaction.execute(
          "UPDATE datasets SET description = :p2, table_count = :p3, discovered_at = :p4, location = :p5 WHERE id = :p1",
          {same->second->id.value(), cut(info.description, kDescriptionBytesMax), info.table_count, db_time(now),
           db_text(cut(info.location, kLocationBytesMax))}));
      by_name.erase(same);
      continue;
    }
    TRY(insert_row(transaction, "datasets",
                   Dataset{.id = DatasetId::make(),
                           .connection_id = connection,
                           .name = info.name,
                           .fully_qualified_name = info.name,
                           .description = cut(info.description, kDescriptionBytesMax),
                           .location = cut(info.location, kLocationBytesMax),
                           .table_count = info.table_count,
                           .discovered_at = now}));
  }
  for (const auto& [name, gone] : by_name) TRY(transaction.execute("DELETE FROM datasets WHERE id = :p1", {gone->id.value()}));
  return {};
}

Result<> mark_scan(Transaction& transaction, const TeamScope& scope, const DatasetId& id, const JobId& job, ScanStatus status,
                   std::optional<Time> scanned_at) {
  TRY(transaction.execute(
      "UPDATE datasets SET catalog_job_id = :p3, catalog_job_status = :p4, last_scanned_at = COALESCE(:p5, last_scanned_at) "
      "WHERE id = :p2 AND connection_id IN (SELECT id FROM connections WHERE team_id = :p1)",
      {scope.team_id().value(), id.value(), db_id(job), db_text(enum_name(status)), scanned_at ? db_time(*scanned_at) : DbValue(nullptr)}));
  return {};
}

Result<std::optional<LocatedTable>> find_table(Transaction& transaction, const TeamScope& scope, const TableId& id) {
  auto found = TRY(read_located(
      TRY(transaction.query(str("SELECT d.connection_id, d.name, ", select_list<CatalogTableRow>("t"), kTablesOfTeam, "t.id = :p2"),
                            {scope.team_id().value(), id.value()}))));
  if (found.empty()) return std::optional<LocatedTable>{};
  return std::optional(std::move(found.front()));
}

Result<std::vector<CatalogTable>> list_tables_of(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset,
                                                 const Page& page) {
  return read_rows<CatalogTable>(TRY(transaction.query(
      str("SELECT ", select_list<CatalogTable>("t"), kTablesOfTeam, "t.dataset_id = :p2 AND t.id > :p3 ORDER BY t.id LIMIT :p4"),
      {scope.team_id().value(), dataset.value(), page.after, static_cast<std::int64_t>(page.limit + 1)})));
}

Result<std::vector<CatalogTableRow>> list_table_rows_of(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset,
                                                        std::size_t tables_max) {
  return read_rows<CatalogTableRow>(TRY(
      transaction.query(str("SELECT ", select_list<CatalogTableRow>("t"), kTablesOfTeam, "t.dataset_id = :p2 ORDER BY t.name LIMIT :p3"),
                        {scope.team_id().value(), dataset.value(), static_cast<std::int64_t>(tables_max)})));
}

Result<std::optional<CatalogTableRow>> find_table_row(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset,
                                                      std::string_view name) {
  return read_first<CatalogTableRow>(
      TRY(transaction.query(str("SELECT ", select_list<CatalogTableRow>("t"), kTablesOfTeam,
                                "t.dataset_id = :p2 AND (t.sql_name = :p3 OR t.fully_qualified_name = :p3) ORDER BY t.name LIMIT 1"),
                            {scope.team_id().value(), dataset.value(), db_text(name)})));
}

Result<std::vector<std::string>> list_sql_names_of(Transaction& transaction, const TeamScope& scope, const DatasetId& dataset) {
  std::vector<std::string> names;
  for (const DbRow& row :
       TRY(transaction.query(str("SELECT t.sql_name", kTablesOfTeam, "t.dataset_id = :p2 ORDER BY t.name LIMIT :p3"),
                             {scope.team_id().value(), dataset.value(), static_cast<std::int64_t>(kTablesPerDatasetMax)})))
    TRY(detail::from_db(row.values[0], names.emplace_back(), "sql_name"));
  return names;
}

Result<> save_table(Transaction& transaction, const Dataset& dataset, const TableInfo& found, Time scan) {
  CatalogTableRow row;
  row.dataset_id = dataset.id;
  row.name = found.name;
  row.fully_qualified_name = str(dataset.name, ".", found.name);
  row.sql_name = found.sql_name;
  row.description = cut(found.description, kDescriptionBytesMax);
  row.row_count = found.row_count;
  row.size_bytes = found.size_bytes;
  row.schema = {.columns = found.columns, .keys = found.keys};
  row.type = found.type;
  row.discovered_at = scan;
  row.last_scanned_at = scan;
  const auto known = TRY(read_first<CatalogTable>(TRY(
      transaction.query(str("SELECT ", select_list<CatalogTable>(), " FROM tables WHERE dataset_id = :p1 AND fully_qualified_name = :p2"),
                        {dataset.id.value(), row.fully_qualified_name}))));
  if (!known) {
    row.id = TableId::make();
    return insert_row(transaction, "tables", row);
  }
  row.id = known->id;
  row.discovered_at = known->discovered_at;
  TRY(update_row(transaction, "tables", row));
  return {};
}

Result<> delete_datasets_of(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection) {
  TRY(transaction.execute("DELETE FROM datasets WHERE connection_id IN (SELECT id FROM connections WHERE id = :p1 AND team_id = :p2)",
                          {connection.value(), scope.team_id().value()}));
  return {};
}

Result<> delete_tables_of_other_scans(Transaction& transaction, const Dataset& dataset, Time scan) {
  TRY(transaction.execute("DELETE FROM tables WHERE dataset_id = :p1 AND (last_scanned_at IS NULL OR last_scanned_at <> :p2)",
                          {dataset.id.value(), db_time(scan)}));
  return {};
}

Result<std::vector<LocatedTable>> search_tables(Transaction& transaction, const TeamScope& scope, const ConnectionId& connection,
                                                std::string_view text) {
  std::string pattern = replace_all(std::string(text), "\\", "\\\\");
  pattern = str("%", replace_all(replace_all(std::move(pattern), "%", "\\%"), "_", "\\_"), "%");
  return read_located(
      TRY(transaction.query(str("SELECT d.connection_id, d.name, ", select_list<CatalogTableRow>("t"), kTablesOfTeam,
                                "(:p2 = '' OR d.connection_id = :p2) AND (LOWER(t.fully_qualified_name) LIKE :p3 ESCAPE '\\' OR "
                                "LOWER(t.description) LIKE :p3 ESCAPE '\\' OR LOWER(t.schema) "
                                "LIKE :p3 ESCAPE '\\') ORDER BY t.name, t.id LIMIT :p4"),
                            {scope.team_id().value(), connection.value(), pattern, static_cast<std::int64_t>(kSearchedTablesMax)})));
}

}  // namespace bridge
