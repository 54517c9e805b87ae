#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "features/dashboard_serving/connection_source.h"
#include "features/dashboard_serving/plan_source.h"
#include "features/dashboard_validation/validation.h"
#include "features/dashboards/dashboard_list.h"
#include "platform/metadata_db/database.h"
#include "platform/object_store/object_store.h"

namespace bridge {

// What dashboards need of a team's connections.
class ConnectionDirectory : public DataConnectionSource {
 public:
  virtual Result<std::vector<std::string>> list_connection_names(const CallContext& context) = 0;
  // Grows with every connection that is created, tested, changed or removed: what was made ready before may be of another warehouse.
  virtual std::uint64_t change_count() const { return 0; }
};

// What a writer expects to replace; empty where it does not care. Both must hold.
struct Precondition {
  std::optional<std::string> etag;  // without quotes
  std::optional<int> version;
};

struct SaveDashboard {
  std::string yaml;
  std::optional<std::string> slug;  // that it is to be kept under; else the document's, else one made from the title
  json::value provenance;           // an object to write into `meta`; null keeps what there is
  bool dry_run = false;             // also try the queries before saving
  bool rename_when_taken = false;   // of a new one: "name-2" instead of a conflict
};

struct ValidateDashboard {
  std::string yaml;
  std::optional<std::string> slug;
  bool dry_run = false;
};

// The document as it is stored, access counters merged into `meta`.
struct DashboardText {
  std::string yaml;
  std::string etag;  // changes with every content
  int version = 0;
};

struct DashboardJson {
  json::object document;
  std::string etag;
};

// Keeps the dashboards of teams. The YAML object is the truth, and its conditional write the moment at which a save has happened; history
// is written before it, the index and the pointer row after it, and both are mended from the YAML when a crash left them behind.
// Thread-safe. Errors: not_found; invalid_argument ("invalid_yaml", "invalid_document") with all records; already_exists ("slug_conflict");
// aborted
// ("version_conflict") when a precondition does not hold or a newer version won.
class DashboardService : public PlanSource {
 public:
  virtual Result<Validation> validate(const CallContext& context, const ValidateDashboard& input) = 0;

  virtual Result<DashboardMetadata> create(const CallContext& context, SaveDashboard input) = 0;
  virtual Result<DashboardMetadata> replace(const CallContext& context, std::string_view slug, SaveDashboard input,
                                            const Precondition& precondition) = 0;
  virtual Result<> remove(const CallContext& context, std::string_view slug, const Precondition& precondition) = 0;
  virtual Result<DashboardMetadata> restore(const CallContext& context, std::string_view slug, int version,
                                            const Precondition& precondition) = 0;

  virtual Result<DashboardPage> list(const CallContext& context, const ListDashboards& input) = 0;
  virtual Result<DashboardMetadata> get(const CallContext& context, std::string_view slug) = 0;
  virtual Result<DashboardText> get_text(const CallContext& context, std::string_view slug) = 0;
  virtual Result<DashboardJson> get_document(const CallContext& context, std::string_view slug) = 0;
  // Newest first, the current version among them.
  virtual Result<std::vector<DashboardVersion>> get_history(const CallContext& context, std::string_view slug, std::size_t limit) = 0;

  // Slugs of the dashboards that use a connection.
  virtual Result<std::vector<std::string>> list_users_of_connection(const CallContext& context, std::string_view connection) = 0;

  // The dashboards that have a schedule, or of which the index does not know it. No document is read.
  virtual Result<std::vector<ScheduledDashboard>> list_scheduled(const CallContext& context) = 0;

  // Index and pointers anew from the YAML files alone.
  virtual Result<RebuildReport> rebuild_index(const CallContext& context) = 0;
  // Mends index and pointers of the caller's team where they differ from the files; opens only files that changed. Returns how many did.
  virtual Result<std::int64_t> reconcile(const CallContext& context) = 0;
  // The same for every team that has dashboards; for the start of the server.
  virtual Result<std::int64_t> reconcile_all(const CallContext& context) = 0;

  // Writes the counted views into the index; also done once a minute and by the destructor.
  virtual Result<> flush_access_counters(const CallContext& context) = 0;
  // To be called when a connection or its credentials changed; see PlanSource::change_count.
  virtual void note_change() = 0;
};

// All of these must outlive the service.
struct DashboardServiceParts {
  Database& database;
  ObjectStore& store;
  ConnectionDirectory* connections = nullptr;  // null: connections are not checked and dry runs are failed_precondition
  LocalQueryEngine* local = nullptr;
  std::shared_ptr<const Clock> clock;
  std::function<void(const TeamScope&, std::string_view slug)> on_change;  // a dashboard was saved or deleted: drop its cached answers
};
std::unique_ptr<DashboardService> make_dashboard_service(DashboardServiceParts parts);

}  // namespace bridge
