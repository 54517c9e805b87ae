#pragma once

#include <memory>
#include <string>
#include <vector>

#include "features/catalog/catalog.h"
#include "features/connections/connection_service.h"
#include "features/jobs/job_service.h"

namespace bridge {

// What is known of the tables behind a connection. Every method acts in the context's team; another team's ids are not_found. Thread-safe.
class CatalogService {
 public:
  virtual ~CatalogService() = default;

  // Records: what discovery and scans wrote down.

  // Asks the warehouse for its datasets, and makes the records agree. Returns them.
  virtual Result<std::vector<Dataset>> discover(const CallContext& context, const ConnectionId& connection) = 0;
  // Starts reading the dataset's tables; the scan that runs already, if one does.
  virtual Result<Job> scan(const CallContext& context, const DatasetId& dataset) = 0;
  virtual Result<std::vector<Dataset>> list_dataset_records(const CallContext& context, const ConnectionId& connection,
                                                            const Page& page) = 0;
  virtual Result<std::vector<CatalogTable>> list_table_records(const CallContext& context, const DatasetId& dataset, const Page& page) = 0;
  virtual Result<TableSchema> get_schema(const CallContext& context, const TableId& table) = 0;
  // Tables and columns whose name or description holds the text; best first. `connection` may be empty: all of the team's.
  virtual Result<std::vector<SearchHit>> search(const CallContext& context, std::string_view text, const ConnectionId& connection,
                                                int limit) = 0;

  // Changes whenever discovery or a scan wrote something down about the connection.
  virtual Result<std::string> catalog_version(const CallContext& context, const ConnectionId& connection) = 0;

  // The warehouse as it is: from a recent scan, or asked and remembered for a while.

  virtual Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context, const ConnectionId& connection) = 0;
  // The first so many tables of a dataset. not_found when there is no such dataset.
  virtual Result<std::vector<TableInfo>> list_tables(const CallContext& context, const ConnectionId& connection, std::string_view dataset,
                                                     std::size_t tables_max) = 0;
  virtual Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, const ConnectionId& connection,
                                                                  const TableInfo& table) = 0;
  // By "dataset.table" or the table's sql_name. not_found names the nearest one.
  virtual Result<TableSchema> get_table(const CallContext& context, const ConnectionId& connection, std::string_view name) = 0;
};

std::shared_ptr<CatalogService> make_catalog_service(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                                                     std::shared_ptr<ConnectionService> connections, std::shared_ptr<JobService> jobs);

// The job kind that `scan` submits; for the list that the job service is made with.
JobKind make_catalog_scan_job(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                              std::shared_ptr<ConnectionService> connections);

}  // namespace bridge
