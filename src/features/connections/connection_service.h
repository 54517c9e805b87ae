#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "features/connections/connection.h"
#include "features/teams/page.h"
#include "features/warehouse_use/warehouse_use.h"
#include "platform/key_management/key_service.h"
#include "platform/metadata_db/database.h"
#include "platform/object_store/object_store.h"

namespace bridge {

// The slugs of the team's dashboards that read this connection.
using ConnectionUsers = std::function<Result<std::vector<std::string>>(const CallContext&, const Connection&)>;

// Whether the caller's team may have a warehouse there, for drivers whose warehouses lie on the server's machine. Asked when it is named,
// and again whenever it is opened.
using CheckPlace =
    std::function<Result<>(const CallContext&, const WarehouseDriver&, const std::map<std::string, Secret>& credentials, NamedBy)>;

struct ConnectionServiceParts {
  std::shared_ptr<Database> database;
  std::shared_ptr<ObjectStore> credentials;
  std::shared_ptr<KeyService> keys;
  std::shared_ptr<const Clock> clock;
  std::vector<std::shared_ptr<WarehouseDriver>> drivers;
  CheckPlace check_place;             // none: anywhere
  ConnectionUsers users;              // none: nothing uses any
  std::shared_ptr<WarehouseUse> use;  // none: nobody counts
  // Forgets what was read of a connection that is elsewhere now, in the transaction that says so. None: nothing was kept.
  std::function<Result<>(Transaction&, const TeamScope&, const ConnectionId&)> forget_catalog;
  std::string credentials_prefix = "credentials/";
};

enum class RemoveConnection : std::uint8_t { unless_used, even_if_used };
enum class RenameConnection : std::uint8_t { unless_used, even_if_used };
// Whether a connection has to work to be stored.
enum class NewConnectionTest : std::uint8_t { later, first };

// The warehouses of a team: validated by what their driver says of its fields, sealed, tested for real, opened when needed. Every method
// acts in the context's team; another team's connection is not_found. Thread-safe.
class ConnectionService {
 public:
  virtual ~ConnectionService() = default;

  virtual std::vector<ConnectionType> list_types() const = 0;

  // Stored with status `testing`, not opened; tested first: opened, and stored with status `active` or not at all (failed_precondition
  // "connection_failed"). already_exists ("connection_name_conflict") when the name is taken; invalid_argument with every unknown, missing
  // or empty field.
  virtual Result<Connection> create(const CallContext& context, NewConnection input, NewConnectionTest test = NewConnectionTest::later) = 0;
  // Changes the name or fields. New fields are proven by opening the warehouse with them before the old ones go: failed_precondition
  // ("connection_failed") when it does not open, and then nothing has changed. invalid_argument ("secret_required") when it is elsewhere
  // now and a secret is not given anew. aborted when it is not at `version` any more. failed_precondition ("connection_in_use") names the
  // dashboards that know it by its old name.
  virtual Result<Connection> update(const CallContext& context, const ConnectionId& id, const ConnectionChange& change,
                                    RenameConnection rename = RenameConnection::unless_used,
                                    const std::optional<std::string>& version = std::nullopt) = 0;
  // Opens it anew and reads it. A failure to connect is an outcome, not an error.
  virtual Result<ConnectionTest> test(const CallContext& context, const ConnectionId& id) = 0;
  virtual Result<std::vector<Connection>> list(const CallContext& context, const Page& page) = 0;
  virtual Result<std::vector<std::string>> list_names(const CallContext& context) = 0;
  virtual Result<Connection> get(const CallContext& context, const ConnectionId& id) = 0;
  // not_found names the nearest one there is.
  virtual Result<Connection> get_by_name(const CallContext& context, std::string_view name) = 0;
  // The record and the credentials. failed_precondition ("connection_in_use") names the dashboards that use it.
  virtual Result<> remove(const CallContext& context, const ConnectionId& id, RemoveConnection how) = 0;

  // How its engine writes SQL, without opening it. unsupported when this build has no driver for it.
  virtual Result<const SqlDialect*> dialect_of(const Connection& connection) const = 0;
  // Open, shared by all callers of the team, closed after minutes without use.
  virtual Result<std::shared_ptr<Warehouse>> open_warehouse(const CallContext& context, const ConnectionId& id) = 0;
  // What identifies its data's present content, see DataVersion; nullopt when its engine cannot say, or not now.
  virtual std::optional<std::string> data_version(const CallContext& context, const ConnectionId& id) = 0;
  // Grows with every connection that is created, tested, changed or removed.
  virtual std::uint64_t change_count() const = 0;
  // Removes envelopes that a crash left without a record. Returns how many. For the start, before requests are served: a connection that is
  // being created looks the same.
  virtual Result<int> remove_orphans(const CallContext& context) = 0;
};

std::shared_ptr<ConnectionService> make_connection_service(ConnectionServiceParts parts);

}  // namespace bridge
