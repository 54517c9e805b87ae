#include "features/catalog/catalog_service.h"

#include "base/log.h"
#include "features/catalog/catalog_store.h"
#include "features/catalog/fresh_values.h"
#include "features/catalog/limits.h"
#include "features/teams/audit.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

constexpr std::size_t kNamesShownMax = 50;

std::unexpected<Error> no_such_dataset() { return fail(ErrorCode::not_found, "dataset_not_found", "There is no such dataset"); }
std::unexpected<Error> too_many_tables() {
  return fail(ErrorCode::resource_exhausted, "too_many_tables", str("A dataset has at most ", kTablesPerDatasetMax, " tables"));
}
std::unexpected<Error> no_such_table() { return fail(ErrorCode::not_found, "table_not_found", "There is no such table"); }

TableInfo to_info(const CatalogTableRow& row, std::string_view dataset) {
  return {.dataset = std::string(dataset),
          .name = row.name,
          .sql_name = row.sql_name,
          .type = row.type,
          .description = row.description,
          .row_count = row.row_count,
          .size_bytes = row.size_bytes,
          .columns = row.schema.columns,
          .keys = row.schema.keys};
}

TableSchema to_schema(const TableInfo& table, std::string_view dialect, const std::vector<ColumnStatistics>& statistics) {
  TableSchema schema{.table = table.name,
                     .sql_name = table.sql_name,
                     .dataset = table.dataset,
                     .description = table.description,
                     .row_count = table.row_count,
                     .size_bytes = table.size_bytes,
                     .dialect = std::string(dialect),
                     .column_count = static_cast<std::int64_t>(table.columns.size()),
                     .keys = table.keys};
  for (const ColumnInfo& column : table.columns) {
    SchemaColumn& out = schema.columns.emplace_back();
    out = {.name = column.name,
           .type = column.type,
           .nullable = column.nullable,
           .description = column.description,
           .partitioning = column.partitioning};
    const auto known = std::ranges::find(statistics, column.name, &ColumnStatistics::column);
    if (known == statistics.end()) continue;
    out.statistics = {.distinct_count = known->distinct_count,
                      .null_fraction = known->null_fraction,
                      .min = known->min,
                      .max = known->max,
                      .average = known->average,
                      .top_values = known->top_values,
                      .exact = known->exact,
                      .sampled = known->sampled,
                      .rows_read = known->rows_read,
                      .text_date_format = known->text_date_format,
                      .read_as = known->read_as,
                      .read_sql = known->read_sql,
                      .read_unit = known->read_unit,
                      .unread_count = known->unread_count,
                      .unread_values = known->unread_values};
  }
  return schema;
}

// Smaller is better; -1: no match.
int rank(std::string_view name, std::string_view description, std::string_view text) {
  const std::string lower_name = lower(name);
  if (lower_name == text) return 0;
  if (lower_name.starts_with(text)) return 1;
  if (lower_name.find(text) != std::string::npos) return 2;
  return lower(description).find(text) != std::string::npos ? 3 : -1;
}

std::vector<SearchHit> rank_hits(const std::vector<LocatedTable>& tables, std::string_view text, std::size_t limit) {
  std::vector<std::pair<int, SearchHit>> ranked;
  for (const LocatedTable& located : tables) {
    const CatalogTableRow& table = located.table;
    const SearchHit base{.connection_id = located.connection_id,
                         .dataset_id = table.dataset_id,
                         .table_id = table.id,
                         .dataset = located.dataset,
                         .table = table.name};
    const int qualified = rank(table.fully_qualified_name, "", text);
    int table_rank = rank(table.name, table.description, text);
    if (table_rank < 0 && qualified >= 0) table_rank = 2;
    if (table_rank >= 0) {
      SearchHit hit = base;
      hit.description = table.description;
      ranked.emplace_back(2 * table_rank, std::move(hit));
    }
    for (const ColumnInfo& column : table.schema.columns) {
      const int column_rank = rank(column.name, column.description, text);
      if (column_rank < 0) continue;
      SearchHit hit = base;
      hit.kind = SearchHitKind::column;
      hit.column = column.name;
      hit.type = column.type;
      hit.description = column.description;
      ranked.emplace_back(2 * column_rank + 1, std::move(hit));
    }
  }
  std::ranges::stable_sort(ranked, {}, [](const auto& item) { return item.first; });
  std::vector<SearchHit> out;
  for (auto& [score, hit] : ranked) {
    if (out.size() == limit) break;
    out.push_back(std::move(hit));
  }
  return out;
}

class CatalogServiceOnWarehouses final : public CatalogService {
 public:
  CatalogServiceOnWarehouses(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                             std::shared_ptr<ConnectionService> connections, std::shared_ptr<JobService> jobs)
      : database_(std::move(database)), clock_(std::move(clock)), connections_(std::move(connections)), jobs_(std::move(jobs)) {}

  Result<std::vector<Dataset>> discover(const CallContext& context, const ConnectionId& connection) override {
    const auto warehouse = TRY(connections_->open_warehouse(context, connection));
    const std::vector<DatasetInfo> found = TRY(warehouse->list_datasets(context));
    if (found.size() > kDatasetsPerConnectionMax)
      return fail(ErrorCode::resource_exhausted, "too_many_datasets",
                  str("A connection has at most ", kDatasetsPerConnectionMax, " datasets"));
    TRY(database_->transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(save_datasets(transaction, context.team(), connection, found, clock_->now()));
      return append_audit_event(transaction, context, clock_->now(), "catalog.discover", connection.value());
    }));
    datasets_.erase_prefix(connection.value());
    names_.erase_prefix(connection.value());
    pages_.erase_prefix(connection.value());
    return list_dataset_records(context, connection, {.limit = static_cast<int>(kDatasetsPerConnectionMax)});
  }

  Result<Job> scan(const CallContext& context, const DatasetId& id) override {
    return transact_value<Job>(*database_, context, [&](Transaction& transaction) -> Result<Job> {
      const auto dataset = TRY(find_dataset(transaction, context.team(), id));
      if (!dataset) return no_such_dataset();
      if (dataset->catalog_job_status == ScanStatus::running && !dataset->catalog_job_id.empty()) {
        const auto running = TRY(jobs_->find(transaction, context, dataset->catalog_job_id));
        if (running && !running->finished_at) return *running;
      }
      Job job = TRY(jobs_->submit(transaction, context, "catalog_scan", {{"dataset_id", id.value()}}));
      TRY(mark_scan(transaction, context.team(), id, job.id, ScanStatus::running, {}));
      return job;
    });
  }

  Result<std::vector<Dataset>> list_dataset_records(const CallContext& context, const ConnectionId& connection, const Page& page) override {
    TRY(connections_->get(context, connection));
    return read_value<std::vector<Dataset>>(
        *database_, context, [&](Transaction& transaction) { return list_datasets_of(transaction, context.team(), connection, page); });
  }

  Result<std::vector<CatalogTable>> list_table_records(const CallContext& context, const DatasetId& id, const Page& page) override {
    return read_value<std::vector<CatalogTable>>(*database_, context, [&](Transaction& transaction) -> Result<std::vector<CatalogTable>> {
      if (!TRY(find_dataset(transaction, context.team(), id))) return no_such_dataset();
      return list_tables_of(transaction, context.team(), id, page);
    });
  }

  Result<TableSchema> get_schema(const CallContext& context, const TableId& id) override {
    const LocatedTable located = TRY(read_value<LocatedTable>(*database_, context, [&](Transaction& transaction) -> Result<LocatedTable> {
      auto found = TRY(find_table(transaction, context.team(), id));
      if (!found) return no_such_table();
      return std::move(*found);
    }));
    return describe(context, located.connection_id, to_info(located.table, located.dataset));
  }

  Result<std::vector<SearchHit>> search(const CallContext& context, std::string_view text, const ConnectionId& connection,
                                        int limit) override {
    const std::string wanted = lower(trim(text));
    if (wanted.empty() || count_characters(wanted) > kSearchTextCharactersMax) {
      return fail(
          Error{.code = ErrorCode::invalid_argument,
                .message = str("q must be 1 to ", kSearchTextCharactersMax, " characters long"),
                .violations = {
                    {.path = "q", .code = "out_of_range", .message = str("must be 1 to ", kSearchTextCharactersMax, " characters long")}}});
    }
    const auto tables = TRY(read_value<std::vector<LocatedTable>>(
        *database_, context, [&](Transaction& transaction) { return search_tables(transaction, context.team(), connection, wanted); }));
    return rank_hits(tables, wanted, static_cast<std::size_t>(limit));
  }

  Result<std::string> catalog_version(const CallContext& context, const ConnectionId& connection) override {
    const std::string version = TRY(connections_->get(context, connection)).version;
    return read_value<std::string>(*database_, context, [&](Transaction& transaction) -> Result<std::string> {
      const auto rows = TRY(transaction.query(
          "SELECT COUNT(*), COALESCE(MAX(discovered_at), 0), COALESCE(MAX(last_scanned_at), 0) FROM datasets WHERE connection_id = :p1",
          {connection.value()}));
      std::vector<std::string> parts{version};
      for (const DbValue& value : rows.front().values) parts.push_back(str(std::get<std::int64_t>(value)));
      return join(parts, "-");
    });
  }

  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context, const ConnectionId& connection) override {
    const std::string key = TRY(memory_key(context, connection));
    const auto listed = TRY(datasets_.get(context, key, [&]() -> Result<std::vector<DatasetInfo>> {
      return TRY(connections_->open_warehouse(context, connection))->list_datasets(context);
    }));
    return *listed;
  }

  Result<std::vector<TableInfo>> list_tables(const CallContext& context, const ConnectionId& connection, std::string_view dataset,
                                             std::size_t tables_max) override {
    if (const auto id = TRY(find_scanned(context, connection, dataset))) {
      return read_value<std::vector<TableInfo>>(*database_, context, [&](Transaction& transaction) -> Result<std::vector<TableInfo>> {
        std::vector<TableInfo> out;
        for (const CatalogTableRow& row : TRY(list_table_rows_of(transaction, context.team(), *id, tables_max)))
          out.push_back(to_info(row, dataset));
        return out;
      });
    }
    const auto names = TRY(list_names(context, connection, dataset));
    std::vector<TableInfo> out;
    for (std::size_t at = 0; at < std::min(names->size(), tables_max); at += kTablesDescribedAtOnce)
      std::ranges::copy(*TRY(describe_page(context, connection, dataset, *names, at)), std::back_inserter(out));
    if (out.size() > tables_max) out.resize(tables_max);
    return out;
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, const ConnectionId& connection,
                                                          const TableInfo& table) override {
    // Rows and bytes are part of the key: other data has other statistics.
    const std::string key =
        str(TRY(memory_key(context, connection)), "\n", table.dataset, "\n", table.name, "\n", table.row_count, "\n", table.size_bytes);
    const auto made = TRY(statistics_.get(context, key, [&]() -> Result<std::vector<ColumnStatistics>> {
      const auto warehouse = TRY(connections_->open_warehouse(context, connection));
      const StatisticsBudget budget =
          warehouse->is_reading_free() ? StatisticsBudget{} : StatisticsBudget{.scanned_bytes_max = kStatisticsBytesMax};
      return warehouse->column_statistics(context, table.dataset, table.name, budget);
    }));
    return *made;
  }

  Result<TableSchema> get_table(const CallContext& context, const ConnectionId& connection, std::string_view name) override {
    std::vector<std::string> names;
    for (const DatasetInfo& dataset : TRY(list_datasets(context, connection))) {
      if (const auto table = TRY(find_table_by_name(context, connection, dataset.name, name, names)))
        return describe(context, connection, *table);
    }
    const auto near = nearest_name(name.substr(0, kSearchTextCharactersMax), names);
    Violation violation{.path = "table",
                        .code = "unknown_table",
                        .got = std::string(name.substr(0, kSearchTextCharactersMax)),
                        .suggestion = near.value_or("")};
    violation.message = str("There is no table '", violation.got, "'", near ? str(": did you mean ", *near, "?") : std::string());
    if (names.size() > kNamesShownMax) names.resize(kNamesShownMax);
    violation.allowed = std::move(names);
    return fail(Error{.code = ErrorCode::not_found, .message = violation.message, .reason = "unknown_table", .violations = {violation}});
  }

 private:
  // What is remembered of a connection with these credentials, for a viewer. It knows no teams, so the team is checked here.
  Result<std::string> memory_key(const CallContext& context, const ConnectionId& connection) const {
    return str(connection.value(), "\n", TRY(connections_->get(context, connection)).version, "\n", context.viewer().key());
  }

  // The dataset's record when a recent scan knows its tables.
  Result<std::optional<DatasetId>> find_scanned(const CallContext& context, const ConnectionId& connection, std::string_view name) const {
    TRY(connections_->get(context, connection));
    using Found = std::optional<DatasetId>;
    return read_value<Found>(*database_, context, [&](Transaction& transaction) -> Result<Found> {
      const auto dataset = TRY(find_dataset_by_name(transaction, context.team(), connection, name));
      if (!dataset || dataset->catalog_job_status != ScanStatus::completed || !dataset->last_scanned_at ||
          *dataset->last_scanned_at + kScanFreshMax < clock_->now())
        return Found{};
      return Found(dataset->id);
    });
  }

  Result<std::shared_ptr<const std::vector<TableName>>> list_names(const CallContext& context, const ConnectionId& connection,
                                                                   std::string_view dataset) {
    const std::string key = str(TRY(memory_key(context, connection)), "\n", dataset);
    return names_.get(context, key, [&]() -> Result<std::vector<TableName>> {
      std::vector<TableName> names = TRY(TRY(connections_->open_warehouse(context, connection))->list_tables(context, dataset));
      if (names.size() > kTablesPerDatasetMax) return too_many_tables();
      return names;
    });
  }

  // The tables from `at` on, as many as are described at once.
  Result<std::shared_ptr<const std::vector<TableInfo>>> describe_page(const CallContext& context, const ConnectionId& connection,
                                                                      std::string_view dataset, const std::vector<TableName>& names,
                                                                      std::size_t at) {
    std::vector<std::string> page;
    for (std::size_t i = at; i < std::min(names.size(), at + kTablesDescribedAtOnce); ++i) page.push_back(names[i].name);
    // Named by its ends: other names are another page.
    const std::string key =
        str(TRY(memory_key(context, connection)), "\n", dataset, "\n", at, "\n", page.front(), "\n", page.back(), "\n", page.size());
    return pages_.get(context, key, [&]() -> Result<std::vector<TableInfo>> {
      return TRY(connections_->open_warehouse(context, connection))->describe_tables(context, dataset, page);
    });
  }

  // Nothing when the dataset has no such table; then the names that it has are put behind `others`.
  Result<std::optional<TableInfo>> find_table_by_name(const CallContext& context, const ConnectionId& connection,
                                                      const std::string& dataset, std::string_view name, std::vector<std::string>& others) {
    using Found = std::optional<TableInfo>;
    if (const auto id = TRY(find_scanned(context, connection, dataset))) {
      return read_value<Found>(*database_, context, [&](Transaction& transaction) -> Result<Found> {
        if (const auto row = TRY(find_table_row(transaction, context.team(), *id, name))) return Found(to_info(*row, dataset));
        std::ranges::move(TRY(list_sql_names_of(transaction, context.team(), *id)), std::back_inserter(others));
        return Found{};
      });
    }
    const auto names = TRY(list_names(context, connection, dataset));
    for (std::size_t i = 0; i < names->size(); ++i) {
      const TableName& table = (*names)[i];
      if (table.sql_name != name && str(dataset, ".", table.name) != name) continue;
      const auto page = TRY(describe_page(context, connection, dataset, *names, i - i % kTablesDescribedAtOnce));
      const auto found = std::ranges::find(*page, table.name, &TableInfo::name);
      return found == page->end() ? Found{} : Found(*found);
    }
    for (const TableName& table : *names) others.push_back(table.sql_name);
    return Found{};
  }

  // A schema without statistics is better than none.
  Result<TableSchema> describe(const CallContext& context, const ConnectionId& connection, const TableInfo& table) {
    const SqlDialect* dialect = TRY(connections_->dialect_of(TRY(connections_->get(context, connection))));
    const auto statistics = column_statistics(context, connection, table);
    TRY(context.check());
    if (!statistics) log_warning("column_statistics_failed", {{"table", table.sql_name}, {"error", describe_error(statistics.error())}});
    return to_schema(table, dialect->name(), statistics.value_or(std::vector<ColumnStatistics>{}));
  }

  std::shared_ptr<Database> database_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<ConnectionService> connections_;
  std::shared_ptr<JobService> jobs_;
  FreshValues<std::vector<DatasetInfo>> datasets_{kListingFreshMax, kListingsKeptMax};
  FreshValues<std::vector<TableName>> names_{kListingFreshMax, kListingsKeptMax};
  FreshValues<std::vector<TableInfo>> pages_{kListingFreshMax, kListingsKeptMax};
  FreshValues<std::vector<ColumnStatistics>> statistics_{kStatisticsFreshMax, kStatisticsKeptMax};
};

}  // namespace

std::shared_ptr<CatalogService> make_catalog_service(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                                                     std::shared_ptr<ConnectionService> connections, std::shared_ptr<JobService> jobs) {
  return std::make_shared<CatalogServiceOnWarehouses>(std::move(database), std::move(clock), std::move(connections), std::move(jobs));
}

}  // namespace bridge
