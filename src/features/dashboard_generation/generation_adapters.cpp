#include "features/dashboard_generation/generation_adapters.h"

#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

class TeamCatalogReader final : public CatalogReader {
 public:
  TeamCatalogReader(ConnectionService& connections, CatalogService& catalog) : connections_(connections), catalog_(catalog) {}

  Result<GenerationConnection> get_connection(const CallContext& context, const ConnectionId& id) override {
    Connection connection = TRY(connections_.get(context, id));
    const auto dialect = connections_.dialect_of(connection);
    return GenerationConnection{.id = connection.id, .name = std::move(connection.name), .dialect = dialect ? *dialect : nullptr};
  }
  Result<std::shared_ptr<Warehouse>> open_warehouse(const CallContext& context, const ConnectionId& id) override {
    return connections_.open_warehouse(context, id);
  }
  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context, const ConnectionId& id) override {
    return catalog_.list_datasets(context, id);
  }
  Result<std::vector<TableInfo>> list_tables(const CallContext& context, const ConnectionId& id, std::string_view dataset,
                                             std::size_t tables_max) override {
    return catalog_.list_tables(context, id, dataset, tables_max);
  }
  Result<TableSchema> get_table(const CallContext& context, const ConnectionId& id, std::string_view name) override {
    return catalog_.get_table(context, id, name);
  }

 private:
  ConnectionService& connections_;
  CatalogService& catalog_;
};

class StoredDashboardLibrary final : public DashboardLibrary {
 public:
  explicit StoredDashboardLibrary(DashboardService& dashboards) : dashboards_(dashboards) {}

  Result<SavedDocument> create(const CallContext& context, std::string_view yaml, std::string_view slug,
                               const DocumentProvenance& provenance) override {
    const SaveDashboard input{
        .yaml = std::string(yaml), .slug = std::string(slug), .provenance = to_json(provenance), .rename_when_taken = true};
    auto saved = dashboards_.create(context, input);
    for (int attempt = 1; attempt < generation_limits::kSaveAttemptsMax && !saved && saved.error().code == ErrorCode::already_exists;
         ++attempt) {
      saved = dashboards_.create(context, input);
    }
    if (!saved) return fail(std::move(saved).error());
    return SavedDocument{.slug = saved->slug, .version = saved->version, .gcs_yaml_path = saved->gcs_yaml_path};
  }

 private:
  DashboardService& dashboards_;
};

}  // namespace

std::unique_ptr<CatalogReader> make_catalog_reader(ConnectionService& connections, CatalogService& catalog) {
  return std::make_unique<TeamCatalogReader>(connections, catalog);
}
std::unique_ptr<DashboardLibrary> make_dashboard_library(DashboardService& dashboards) {
  return std::make_unique<StoredDashboardLibrary>(dashboards);
}

}  // namespace bridge
