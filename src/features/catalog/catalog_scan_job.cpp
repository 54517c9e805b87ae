#include "features/catalog/catalog_service.h"
#include "features/catalog/catalog_store.h"
#include "features/catalog/limits.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

struct ScanParts {
  std::shared_ptr<Database> database;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<ConnectionService> connections;
};

Result<Dataset> get_dataset(const ScanParts& parts, const CallContext& context, const DatasetId& id) {
  return read_value<Dataset>(*parts.database, context, [&](Transaction& transaction) -> Result<Dataset> {
    auto dataset = TRY(find_dataset(transaction, context.team(), id));
    if (!dataset) return fail(ErrorCode::not_found, "dataset_not_found", "There is no such dataset");
    return std::move(*dataset);
  });
}

// Lists the names, then describes and saves a page of tables at a time, and forgets those that are gone: what it holds is the names and one
// page. Running it again after a crash does the same again.
Result<json::object> scan_dataset(const ScanParts& parts, const CallContext& context, const Dataset& dataset, JobProgress& progress) {
  const Time start = parts.clock->now();
  TRY(progress.report(0, {{"step", "Listing tables"}}));
  const auto warehouse = TRY(parts.connections->open_warehouse(context, dataset.connection_id));
  std::vector<std::string> names;
  for (TableName& table : TRY(warehouse->list_tables(context, dataset.name))) names.push_back(std::move(table.name));
  if (names.size() > kTablesPerDatasetMax)
    return fail(ErrorCode::resource_exhausted, "too_many_tables", str("A dataset has at most ", kTablesPerDatasetMax, " tables"));
  std::int64_t tables = 0, rows = 0, bytes = 0, columns = 0;
  json::array unreadable;  // the first of them
  for (std::size_t done = 0; done < names.size();) {
    TRY(context.check());
    const auto page = std::span(names).subspan(done, std::min(kTablesScannedAtOnce, names.size() - done));
    const std::vector<TableInfo> described = TRY(warehouse->describe_tables(context, dataset.name, page));
    TRY(parts.database->transact(context, [&](Transaction& transaction) -> Result<> {
      for (const TableInfo& table : described) TRY(save_table(transaction, dataset, table, start));
      return {};
    }));
    for (const TableInfo& table : described) {
      rows += table.row_count;
      bytes += table.size_bytes;
      columns += static_cast<std::int64_t>(table.columns.size());
    }
    for (const std::string& name : page) {
      if (unreadable.size() < kUnreadableTablesNamedMax && std::ranges::find(described, name, &TableInfo::name) == described.end())
        unreadable.push_back(json::string(name));
    }
    tables += static_cast<std::int64_t>(described.size());
    done += page.size();
    TRY(progress.report(static_cast<double>(done) / static_cast<double>(names.size()),
                        {{"step", "Saving tables"}, {"tables", done}, {"tables_total", names.size()}}));
  }
  TRY(parts.database->transact(context,
                               [&](Transaction& transaction) { return delete_tables_of_other_scans(transaction, dataset, start); }));
  json::object outcome{
      {"dataset_id", dataset.id.value()}, {"tables", tables}, {"columns", columns}, {"row_count", rows}, {"size_bytes", bytes}};
  if (!unreadable.empty()) outcome["unreadable_tables"] = std::move(unreadable);
  return outcome;
}

Result<json::object> run_scan(const ScanParts& parts, const CallContext& context, const Job& job, const json::object& input,
                              JobProgress& progress) {
  const ScanRequest request = TRY(from_json<ScanRequest>(input));
  const Dataset dataset = TRY(get_dataset(parts, context, request.dataset_id));
  auto outcome = scan_dataset(parts, context, dataset, progress);
  const bool stopped = !outcome && outcome.error().code == ErrorCode::cancelled;
  const ScanStatus status = outcome ? ScanStatus::completed : ScanStatus::failed;
  // A scan that was stopped keeps `running`: it goes on after a restart, and a cancelled job is shown as a failed scan.
  if (!stopped) {
    TRY(parts.database->transact({}, [&](Transaction& transaction) {
      return mark_scan(transaction, context.team(), dataset.id, job.id, status, outcome ? std::optional(parts.clock->now()) : std::nullopt);
    }));
  }
  return outcome;
}

}  // namespace

JobKind make_catalog_scan_job(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                              std::shared_ptr<ConnectionService> connections) {
  const ScanParts parts{.database = std::move(database), .clock = std::move(clock), .connections = std::move(connections)};
  return {.name = "catalog_scan",
          .run = [parts](const CallContext& context, const Job& job, const json::object& input, JobProgress& progress) {
            return run_scan(parts, context, job, input, progress);
          }};
}

}  // namespace bridge
