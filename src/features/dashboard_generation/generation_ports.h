#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "features/catalog/catalog.h"
#include "warehouse/warehouse.h"

// What generation needs of the features before it, and no more. generation_adapters.h connects them.

namespace bridge {

struct GenerationConnection {
  ConnectionId id;
  std::string name;
  const SqlDialect* dialect = nullptr;  // how its engine writes SQL
};

// The caller's connections and what is known of their tables. Thread-safe. not_found for another team's.
class CatalogReader {
 public:
  virtual ~CatalogReader() = default;
  virtual Result<GenerationConnection> get_connection(const CallContext& context, const ConnectionId& id) = 0;
  virtual Result<std::shared_ptr<Warehouse>> open_warehouse(const CallContext& context, const ConnectionId& id) = 0;
  virtual Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context, const ConnectionId& id) = 0;
  virtual Result<std::vector<TableInfo>> list_tables(const CallContext& context, const ConnectionId& id, std::string_view dataset,
                                                     std::size_t tables_max) = 0;
  // By sql_name or "dataset.table". not_found names the nearest one.
  virtual Result<TableSchema> get_table(const CallContext& context, const ConnectionId& id, std::string_view name) = 0;
};

// Where a document came from; kept in its meta.
struct DocumentProvenance {
  std::string generator;
  SessionId session_id;
  std::string prompt;
  std::uint64_t dry_run_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(DocumentProvenance, (), (generator, session_id, prompt, dry_run_bytes))

struct SavedDocument {
  std::string slug;
  int version = 0;
  std::string gcs_yaml_path;
};
BOOST_DESCRIBE_STRUCT(SavedDocument, (), (slug, version, gcs_yaml_path))

// The team's dashboards. Thread-safe.
class DashboardLibrary {
 public:
  virtual ~DashboardLibrary() = default;
  // A new dashboard, kept under that slug, or with a number behind it where it is taken; the document's own slug is made to agree.
  virtual Result<SavedDocument> create(const CallContext& context, std::string_view yaml, std::string_view slug,
                                       const DocumentProvenance& provenance) = 0;
};

}  // namespace bridge
