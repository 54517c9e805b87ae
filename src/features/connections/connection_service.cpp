#include "features/connections/connection_service.h"

#include "base/control_characters.h"
#include "base/guarded.h"
#include "base/log.h"
#include "features/connections/connection_steps.h"
#include "features/connections/connection_store.h"
#include "features/connections/warehouse_pool.h"
#include "features/teams/audit.h"
#include "platform/metadata_db/row_mapper.h"
#include "warehouse/checked_warehouse.h"
#include "warehouse/metered_warehouse.h"
#include "warehouse/viewer_warehouse.h"

namespace bridge {
namespace {

using Credentials = std::map<std::string, Secret>;

std::unexpected<Error> no_such_connection() { return fail(ErrorCode::not_found, "connection_not_found", "There is no such connection"); }

std::unexpected<Error> refuse(std::vector<Violation> violations) {
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = "The connection has problems: " + violations.front().message,
                    .violations = std::move(violations)});
}

void check_name(std::string_view name, std::vector<Violation>& violations) {
  if (trim(name).empty()) violations.push_back({.path = "name", .code = "empty", .message = "'name' must not be empty"});
  if (const std::size_t characters = count_characters(name); characters > kConnectionNameCharactersMax) {
    violations.push_back(
        {.path = "name", .code = "too_long", .message = too_long_message("A connection's name", kConnectionNameCharactersMax, characters)});
  }
  if (!is_plain_line(name)) {
    violations.push_back({.path = "name", .code = "bad_character", .message = "'name' must not hold control characters"});
  }
}

Violation unknown(std::string path, std::string code, std::string_view what, std::string_view got, std::vector<std::string> known) {
  Violation violation{
      .path = std::move(path), .code = std::move(code), .got = std::string(got.substr(0, 100)), .allowed = std::move(known)};
  violation.message = str("'", violation.got, "' is not a ", what, " (", join(violation.allowed, ", "), ")");
  if (const auto near = nearest_name(violation.got, violation.allowed)) {
    violation.suggestion = *near;
    violation.message += str(": did you mean '", *near, "'?");
  }
  return violation;
}

// What is wrong with the text of one field; nothing when it may stand.
std::optional<Violation> check_value(const CredentialField& field, std::string_view text) {
  const auto wrong = [&](std::string code, std::string message) {
    return Violation{.path = "credentials." + field.name,
                     .code = std::move(code),
                     .message = str("'", field.name, "' ", message),
                     .got = field.secret ? "" : std::string(text.substr(0, 100)),
                     .allowed = field.choices};
  };
  switch (field.type) {
    case FieldType::text:
    case FieldType::file: return std::nullopt;
    case FieldType::choice:
      if (std::ranges::find(field.choices, text) != field.choices.end()) return std::nullopt;
      return wrong("unknown_value", str("must be one of ", join(field.choices, ", ")));
    case FieldType::toggle:
      if (text == "true" || text == "false") return std::nullopt;
      return wrong("wrong_type", "must be true or false");
    case FieldType::number: {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) return wrong("wrong_type", "must be a number");
      if (field.minimum && value < *field.minimum) return wrong("out_of_range", str("must be at least ", *field.minimum));
      if (field.maximum && value > *field.maximum) return wrong("out_of_range", str("must be at most ", *field.maximum));
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// What is taken for fields that nothing was given for.
void add_defaults(const WarehouseDriver& driver, Credentials& credentials) {
  for (const CredentialField& field : driver.fields()) {
    if (!field.default_value.empty()) credentials.try_emplace(field.name, Secret(field.default_value));
  }
}

void check_credentials(const WarehouseDriver& driver, const Credentials& credentials, std::vector<Violation>& violations) {
  const std::vector<CredentialField> fields = driver.fields();
  std::vector<std::string> names;
  for (const CredentialField& field : fields) names.push_back(field.name);
  std::size_t bytes = 0;
  for (const auto& [name, value] : credentials) {
    bytes += name.size() + value.reveal().size();
    if (std::ranges::find(names, name) == names.end()) {
      violations.push_back(unknown("credentials." + name.substr(0, 100), "unknown_field", str("field of ", driver.type()), name, names));
    }
    if (value.reveal().size() > kCredentialBytesMax) {
      violations.push_back({.path = "credentials." + name.substr(0, 100),
                            .code = "too_long",
                            .message = str("has at most ", format_bytes(kCredentialBytesMax))});
    }
  }
  for (const CredentialField& field : fields) {
    const auto found = credentials.find(field.name);
    if (found != credentials.end() && !trim(found->second.reveal()).empty()) {
      if (auto violation = check_value(field, trim(found->second.reveal()))) violations.push_back(std::move(*violation));
      continue;
    }
    if (!field.required) continue;
    violations.push_back({.path = "credentials." + field.name,
                          .code = "missing_field",
                          .message = str("'", field.name, "' is ", found == credentials.end() ? "missing: " : "empty: ", field.about)});
  }
  if (bytes > kCredentialsBytesMax)
    violations.push_back(
        {.path = "credentials", .code = "too_long", .message = str("'credentials' has at most ", format_bytes(kCredentialsBytesMax))});
}

Secret to_text(const Credentials& credentials) {
  json::object object;
  for (const auto& [name, value] : credentials) object[name] = value.reveal();
  return Secret(json::serialize(object));
}

Result<Credentials> from_text(const Secret& text) {
  const auto value = parse_json(text.reveal());
  const json::object* object = value ? value->if_object() : nullptr;
  if (!object)
    return fail(Error{.code = ErrorCode::data_loss,
                      .message = "The stored credential cannot be read: enter it again",
                      .reason = "credential_unreadable"});
  Credentials out;
  for (const auto& [name, item] : *object) {
    if (const json::string* field = item.if_string()) out.emplace(std::string(name), Secret(std::string(*field)));
  }
  return out;
}

// An engine may quote in its error what it was given.
std::string without_secrets(std::string text, const WarehouseDriver& driver, const Credentials& credentials) {
  constexpr std::size_t shortest = 4;
  for (const CredentialField& field : driver.fields()) {
    const auto found = credentials.find(field.name);
    if (field.secret && found != credentials.end() && found->second.reveal().size() >= shortest)
      text = replace_all(std::move(text), found->second.reveal(), "***");
  }
  return text;
}

class ConnectionServiceOnStores final : public ConnectionService {
 public:
  explicit ConnectionServiceOnStores(ConnectionServiceParts parts) : parts_(std::move(parts)) {}

  std::vector<ConnectionType> list_types() const override {
    std::vector<ConnectionType> out;
    for (const auto& driver : parts_.drivers) out.push_back({.type = driver->type(), .title = driver->title(), .fields = driver->fields()});
    return out;
  }

  Result<Connection> create(const CallContext& context, NewConnection input, NewConnectionTest test) override {
    if (const auto driver = driver_of(input.connection_type)) {
      input.credentials = TRY(driver->spelled_out(std::move(input.credentials)));
      add_defaults(*driver, input.credentials);
    }
    TRY(check_new(context, input));
    TRY(check_place(context, *driver_of(input.connection_type), input.credentials, named_by(context)));
    std::shared_ptr<Warehouse> warehouse;
    if (test == NewConnectionTest::first) {
      TRY(check_name_is_free(context, trim(input.name)));  // before the warehouse is asked, which may take long
      warehouse = TRY(prove(context, *driver_of(input.connection_type), input.credentials, named_by(context)));
    }
    const Time now = parts_.clock->now();
    ConnectionRow row;
    row.id = ConnectionId::make();
    row.team_id = context.caller.team_id;
    row.name = std::string(trim(input.name));
    row.connection_type = input.connection_type;
    row.credentials_path = str(parts_.credentials_prefix, row.team_id.value(), "/", row.id.value(), ".enc");
    row.named_by_operator = context.caller.is_operator;
    row.bytes_per_day = input.bytes_per_day;
    row.created_at = row.updated_at = now;
    if (warehouse) {
      row.status = ConnectionStatus::active;
      row.last_tested_at = now;
    }
    // The envelope first: a crash in between leaves one that nothing points to, and never a record without credentials.
    const std::string envelope = TRY(parts_.keys->seal(context, to_text(input.credentials), binding_of(row)));
    TRY(parts_.credentials->put(context, row.credentials_path, envelope, 0));
    const Result<> saved = parts_.database->transact(context, [&](Transaction& transaction) -> Result<> {
      if (TRY(count_connections(transaction, context.team())) >= kConnectionsPerTeamMax) {
        return fail(ErrorCode::resource_exhausted, "too_many_connections",
                    str("A team has at most ", kConnectionsPerTeamMax, " connections"));
      }
      TRY(insert_row(transaction, "connections", row));
      return append_audit_event(transaction, context, now, "connection.create", row.id.value());
    });
    if (!saved) {
      (void)parts_.credentials->remove({}, row.credentials_path);
      if (saved.error().code == ErrorCode::already_exists) return name_conflict(row.name);
      return fail(saved.error());
    }
    if (warehouse) warehouses_.put(row.credentials_path, metered(row.id, std::move(warehouse)));
    ++changes_;
    return as_connection(std::move(row));
  }

  Result<Connection> update(const CallContext& context, const ConnectionId& id, const ConnectionChange& change, RenameConnection rename,
                            const std::optional<std::string>& version) override {
    const ConnectionRow before = TRY(find(context, id));
    if (version && *version != "*" && *version != version_of(before)) return version_conflict(before);
    ConnectionRow row = before;
    std::vector<Violation> violations;
    if (change.name) {
      check_name(*change.name, violations);
      row.name = std::string(trim(*change.name));
    }
    const Changed changed = TRY(change_credentials(context, before, change, violations));
    if (!violations.empty()) return refuse(std::move(violations));
    const bool renamed = row.name != before.name;
    row.bytes_per_day = change.bytes_per_day.value_or(before.bytes_per_day);
    if (!renamed && !changed.differs && row.bytes_per_day == before.bytes_per_day) return as_connection(std::move(row));
    if (renamed) {
      TRY(check_name_is_free(context, row.name));
      if (rename == RenameConnection::unless_used) TRY(check_unused(context, before, "have them name the new one, or add ?force=true"));
    }
    const Time now = parts_.clock->now();
    std::shared_ptr<Warehouse> warehouse;
    if (changed.differs) {
      TRY(driver_of(row.connection_type)->check_fields(changed.credentials));
      if (changed.moved) row.named_by_operator = context.caller.is_operator;
      TRY(check_place(context, *driver_of(row.connection_type), changed.credentials, named_by(row)));
      warehouse = TRY(prove(context, *driver_of(row.connection_type), changed.credentials, named_by(row)));
      row.credentials_path =
          str(parts_.credentials_prefix, row.team_id.value(), "/", row.id.value(), ".", encode_hex(random_bytes(8)), ".enc");
      row.status = ConnectionStatus::active;
      row.last_error.reset();
      row.last_tested_at = now;
      const std::string envelope = TRY(parts_.keys->seal(context, to_text(changed.credentials), binding_of(row)));
      TRY(parts_.credentials->put(context, row.credentials_path, envelope, 0));
    }
    row.updated_at = now;
    const Result<> saved = parts_.database->transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(save_connection_change(transaction, context.team(), row, before.credentials_path));
      if (changed.moved && parts_.forget_catalog) TRY(parts_.forget_catalog(transaction, context.team(), id));
      return append_audit_event(transaction, context, now, "connection.update", id.value());
    });
    if (!saved) {
      if (changed.differs) (void)parts_.credentials->remove({}, row.credentials_path);
      if (saved.error().code == ErrorCode::already_exists) return name_conflict(row.name);
      if (saved.error().code == ErrorCode::not_found) return version_conflict(before);  // somebody else was quicker
      return fail(saved.error());
    }
    if (changed.differs) {
      warehouses_.put(row.credentials_path, metered(id, std::move(warehouse)));
      warehouses_.drop(before.credentials_path);
      remove_envelope(before);
    }
    ++changes_;
    return as_connection(std::move(row));
  }

  Result<ConnectionTest> test(const CallContext& context, const ConnectionId& id) override {
    const ConnectionRow row = TRY(find(context, id));
    const auto start = std::chrono::steady_clock::now();
    drop_open(row);
    const CallContext limited = context.with_timeout(kConnectionTestTimeMax);
    ConnectionSteps steps;
    auto opened = open(limited, row, [&](ConnectionStep step) { steps.begin(step); });
    Result<> outcome;
    if (opened) {
      outcome = prove_reading(limited, **opened, steps);
    } else {
      outcome = fail(opened.error());
      steps.fail(opened.error());
    }
    TRY(context.check());  // a caller who left learns nothing of the connection
    ConnectionTest test{.success = outcome.has_value(), .status = outcome ? ConnectionStatus::active : ConnectionStatus::failed};
    test.latency_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
    test.steps = steps.finish();
    if (!outcome) test.error = text_of(outcome.error());
    TRY(parts_.database->transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(save_test_outcome(transaction, context.team(), row, test.status, test.error, parts_.clock->now()));
      return append_audit_event(transaction, context, parts_.clock->now(), "connection.test", id.value());
    }));
    if (outcome) warehouses_.put(row.credentials_path, metered(id, *opened));
    ++changes_;
    return test;
  }

  Result<std::vector<Connection>> list(const CallContext& context, const Page& page) override {
    return read_value<std::vector<Connection>>(
        *parts_.database, context, [&](Transaction& transaction) { return list_connections(transaction, context.team(), page); });
  }

  Result<std::vector<std::string>> list_names(const CallContext& context) override {
    return read_value<std::vector<std::string>>(
        *parts_.database, context, [&](Transaction& transaction) { return list_connection_names(transaction, context.team()); });
  }

  Result<Connection> get(const CallContext& context, const ConnectionId& id) override { return as_connection(TRY(find(context, id))); }

  Result<Connection> get_by_name(const CallContext& context, std::string_view name) override {
    return read_value<Connection>(*parts_.database, context, [&](Transaction& transaction) -> Result<Connection> {
      auto row = TRY(find_connection_by_name(transaction, context.team(), name));
      if (row) return as_connection(std::move(*row));
      const auto names = TRY(list_connection_names(transaction, context.team()));
      const auto near = nearest_name(name.substr(0, kConnectionNameCharactersMax), names);
      return fail(ErrorCode::not_found, "connection_not_found",
                  str("The team has no connection named '", name.substr(0, kConnectionNameCharactersMax), "'",
                      near ? str(": did you mean '", *near, "'?") : std::string()));
    });
  }

  Result<> remove(const CallContext& context, const ConnectionId& id, RemoveConnection how) override {
    const ConnectionRow row = TRY(find(context, id));
    if (how == RemoveConnection::unless_used) TRY(check_unused(context, row, "delete them first, or add ?force=true"));
    // The record first: a crash in between leaves an envelope that nothing points to.
    TRY(parts_.database->transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(delete_connection(transaction, context.team(), id));
      return append_audit_event(transaction, context, parts_.clock->now(), "connection.delete", id.value());
    }));
    drop_open(row);
    ++changes_;
    remove_envelope(row);
    return {};
  }

  Result<const SqlDialect*> dialect_of(const Connection& connection) const override {
    const WarehouseDriver* driver = driver_of(connection.connection_type);
    if (!driver) return no_driver(connection);
    return &driver->dialect();
  }

  Result<std::shared_ptr<Warehouse>> open_warehouse(const CallContext& context, const ConnectionId& id) override {
    const ConnectionRow row = TRY(find(context, id));  // on every call: the team may have lost it
    return warehouses_.get(context, row.credentials_path, [&]() -> Result<std::shared_ptr<Warehouse>> {
      return metered(id, TRY(open(context.with_timeout(kWarehouseOpenTimeMax), row)));
    });
  }

  std::optional<std::string> data_version(const CallContext& context, const ConnectionId& id) override {
    const auto row = find(context, id);  // on every call: other credentials lie at another path
    if (!row) return std::nullopt;
    DataVersion version = versions_.find(row->credentials_path).value_or(nullptr);
    if (!version) {
      WarehouseDriver* driver = driver_of(row->connection_type);
      const auto credentials = read_credentials(context, *row);
      if (!driver || !credentials) return std::nullopt;
      version = driver->data_version(*credentials);
      if (!version) version = [] { return fail(ErrorCode::unsupported, "Its engine does not say"); };
      versions_.put(row->credentials_path, version);
    }
    auto text = version();
    if (!text) return std::nullopt;
    return std::move(*text);
  }

  std::uint64_t change_count() const override { return changes_.load(std::memory_order_acquire); }

  Result<int> remove_orphans(const CallContext& context) override {
    const auto objects = TRY(parts_.credentials->list(context, parts_.credentials_prefix));
    const auto paths = TRY(read_value<std::vector<std::string>>(
        *parts_.database, context, [](Transaction& transaction) { return list_all_credential_paths(transaction); }));
    const std::set<std::string> known(paths.begin(), paths.end());
    int count = 0;
    for (const ObjectName& object : objects) {
      if (known.contains(object.key) || !object.key.ends_with(".enc")) continue;
      TRY(parts_.credentials->remove(context, object.key));
      ++count;
    }
    return count;
  }

 private:
  struct Changed {
    Credentials credentials;
    bool differs = false;
    bool moved = false;
  };

  std::string first_path_of(const ConnectionRow& row) const {
    return str(parts_.credentials_prefix, row.team_id.value(), "/", row.id.value(), ".enc");
  }

  // A later envelope is bound to its place too, so that an earlier one of the same connection cannot be put there.
  std::string binding_of(const ConnectionRow& row) const {
    const std::string binding = str(row.team_id.value(), "|", row.id.value());
    return row.credentials_path == first_path_of(row) ? binding : str(binding, "|", row.credentials_path);
  }

  static std::string version_of(const ConnectionRow& row) {
    const std::size_t hash = std::hash<std::string>{}(str(row.credentials_path, "\n", row.name));
    return encode_hex({reinterpret_cast<const char*>(&hash), sizeof hash});
  }

  static Connection as_connection(ConnectionRow row) {
    row.version = version_of(row);
    return static_cast<Connection&&>(row);
  }

  static std::unexpected<Error> name_conflict(std::string_view name) {
    return fail(ErrorCode::already_exists, "connection_name_conflict",
                str("The team has a connection named '", name, "' already: choose another name"));
  }

  static std::unexpected<Error> version_conflict(const Connection& connection) {
    return fail(ErrorCode::aborted, "version_conflict",
                str("The connection '", connection.name, "' has changed since: read it again, then repeat the change"));
  }

  Result<> check_name_is_free(const CallContext& context, std::string_view name) const {
    return parts_.database->read(context, [&](Transaction& transaction) -> Result<> {
      if (TRY(find_connection_by_name(transaction, context.team(), name))) return name_conflict(name);
      return {};
    });
  }

  Result<> check_unused(const CallContext& context, const Connection& connection, std::string_view way_out) const {
    if (!parts_.users) return {};
    std::vector<std::string> dashboards = TRY(parts_.users(context, connection));
    if (dashboards.empty()) return {};
    return in_use(std::move(dashboards), way_out);
  }

  void remove_envelope(const ConnectionRow& row) const {
    if (const auto removed = parts_.credentials->remove({}, row.credentials_path); !removed)
      log_warning("credentials_not_removed", {{"connection", row.id.value()}, {"error", removed.error().message}});
  }

  // The fields as they will be. A connection whose credentials cannot be read any more is entered anew.
  Result<Changed> change_credentials(const CallContext& context, const ConnectionRow& row, const ConnectionChange& change,
                                     std::vector<Violation>& violations) const {
    Changed out;
    if (change.credentials.empty()) return out;
    const WarehouseDriver* driver = driver_of(row.connection_type);
    if (!driver) return no_driver(row);
    const auto known = read_credentials(context, row);
    if (!known && known.error().reason != "credential_unreadable") return fail(known.error());
    const Credentials before = known.value_or(Credentials{});
    out.credentials = before;
    Credentials given;
    for (const auto& [name, value] : change.credentials) {
      if (value) given.emplace(name, *value);
      else out.credentials.erase(name);
    }
    given = TRY(driver->spelled_out(std::move(given)));
    for (const auto& [name, value] : given) out.credentials.insert_or_assign(name, value);
    add_defaults(*driver, out.credentials);
    check_credentials(*driver, out.credentials, violations);
    const auto text = [](const Credentials& credentials, const std::string& name) {
      const auto found = credentials.find(name);
      return found == credentials.end() ? std::string_view() : trim(found->second.reveal());
    };
    std::vector<std::string> moved;
    for (const CredentialField& field : driver->fields()) {
      const bool differs = text(before, field.name) != text(out.credentials, field.name);
      out.differs = out.differs || differs;
      if (differs && field.where_it_is) moved.push_back(field.name);
    }
    out.moved = !known || !moved.empty();
    if (!out.moved || !violations.empty()) return out;
    for (const CredentialField& field : driver->fields()) {
      if (!field.secret || !out.credentials.contains(field.name) || given.contains(field.name)) continue;
      violations.push_back({.path = "credentials." + field.name,
                            .code = "secret_required",
                            .message = str("'", field.name, "' must be given again: with another ", join(moved, ", "),
                                           " it would go to a place that it was not given for")});
    }
    if (violations.empty()) return out;
    const std::string message = violations.front().message;
    return fail(Error{
        .code = ErrorCode::invalid_argument, .message = message, .reason = "secret_required", .violations = std::exchange(violations, {})});
  }

  // Opens and reads the warehouse with fields that are not stored yet.
  Result<std::shared_ptr<Warehouse>> prove(const CallContext& context, WarehouseDriver& driver, const Credentials& credentials,
                                           NamedBy by) const {
    const CallContext limited = context.with_timeout(kConnectionTestTimeMax);
    auto opened = open_with(limited, driver, credentials, {.named_by = by});
    Result<> outcome;
    if (opened) outcome = (*opened)->ping(limited);
    else outcome = fail(opened.error());
    TRY(context.check());  // a caller who left learns nothing of the warehouse
    if (outcome) return opened;
    Error error = std::move(outcome).error();
    return fail(Error{.code = ErrorCode::failed_precondition,
                      .message = str("The connection does not work, so nothing was kept: ", error.message),
                      .detail = std::move(error.detail),
                      .reason = "connection_failed",
                      .violations = std::move(error.violations)});
  }

  WarehouseDriver* driver_of(std::string_view type) const {
    const auto found = std::ranges::find_if(parts_.drivers, [&](const auto& driver) { return driver->type() == type; });
    return found == parts_.drivers.end() ? nullptr : found->get();
  }

  static std::unexpected<Error> no_driver(const Connection& connection) {
    return fail(ErrorCode::unsupported, "driver_missing", str("This build has no driver for '", connection.connection_type, "'"));
  }

  Result<> check_new(const CallContext& context, const NewConnection& input) const {
    if (context.caller.team_id.empty())
      return fail(ErrorCode::invalid_argument, "team_required", "Name a team with X-Bridge-Team or ?team_id=");
    if (input.team_id && *input.team_id != context.caller.team_id)
      return fail(ErrorCode::not_found, "team_not_found", "There is no such team");
    std::vector<Violation> violations;
    check_name(input.name, violations);
    if (const WarehouseDriver* driver = driver_of(input.connection_type)) {
      check_credentials(*driver, input.credentials, violations);
    } else {
      std::vector<std::string> types;
      for (const auto& each : parts_.drivers) types.push_back(each->type());
      violations.push_back(
          unknown("connection_type", "unknown_value", "connection type of this build", input.connection_type, std::move(types)));
    }
    if (!violations.empty()) return refuse(std::move(violations));
    return driver_of(input.connection_type)->check_fields(input.credentials);
  }

  Result<ConnectionRow> find(const CallContext& context, const ConnectionId& id) const {
    return read_value<ConnectionRow>(*parts_.database, context, [&](Transaction& transaction) -> Result<ConnectionRow> {
      auto row = TRY(find_connection(transaction, context.team(), id));
      if (!row) return no_such_connection();
      return std::move(*row);
    });
  }

  void drop_open(const ConnectionRow& row) {
    warehouses_.drop(row.credentials_path);
    versions_.erase(row.credentials_path);
  }

  Result<Credentials> read_credentials(const CallContext& context, const ConnectionRow& row) const {
    const auto envelope = parts_.credentials->get(context, row.credentials_path);
    if (!envelope && envelope.error().code == ErrorCode::not_found) {
      return fail(Error{
          .code = ErrorCode::data_loss, .message = "The stored credential is missing: enter it again", .reason = "credential_unreadable"});
    }
    if (!envelope) return fail(envelope.error());
    const auto sealed = parts_.keys->open(context, envelope->content, binding_of(row));
    if (!sealed) {
      log_error("credential_unreadable", {{"connection", row.id.value()}, {"detail", sealed.error().detail}});
      return fail(sealed.error());
    }
    return from_text(*sealed);
  }

  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const ConnectionRow& row,
                                          std::function<void(ConnectionStep)> on_step = {}) const {
    WarehouseDriver* driver = driver_of(row.connection_type);
    if (!driver) return no_driver(row);
    const Credentials credentials = TRY(read_credentials(context, row));
    TRY(check_place(context, *driver, credentials, named_by(row)));
    return open_with(context, *driver, credentials, {.named_by = named_by(row), .on_step = std::move(on_step)});
  }

  static NamedBy named_by(const CallContext& context) { return context.caller.is_operator ? NamedBy::server_operator : NamedBy::team; }
  static NamedBy named_by(const ConnectionRow& row) { return row.named_by_operator ? NamedBy::server_operator : NamedBy::team; }

  Result<> check_place(const CallContext& context, const WarehouseDriver& driver, const Credentials& credentials, NamedBy by) const {
    return parts_.check_place ? parts_.check_place(context, driver, credentials, by) : Result<>();
  }

  static Result<std::shared_ptr<Warehouse>> open_with(const CallContext& context, WarehouseDriver& driver, const Credentials& credentials,
                                                      const Opening& opening) {
    auto warehouse = guarded([&] { return driver.open(context, credentials, opening); });
    if (warehouse) return make_viewer_warehouse(make_checked_warehouse(std::move(*warehouse)));
    Error error = std::move(warehouse).error();
    error.message = without_secrets(std::move(error.message), driver, credentials);
    error.detail = without_secrets(std::move(error.detail), driver, credentials);
    for (Violation& violation : error.violations) violation.message = without_secrets(std::move(violation.message), driver, credentials);
    return fail(std::move(error));
  }

  // The warehouse as it is kept: what is read of it counts.
  std::shared_ptr<Warehouse> metered(const ConnectionId& id, std::shared_ptr<Warehouse> warehouse) const {
    if (!parts_.use) return warehouse;
    const auto use_of = [this, id](const CallContext& context, std::uint64_t bytes) -> Result<UseOfQuery> {
      const std::int64_t cap = TRY(find(context, id)).bytes_per_day;  // it may have changed
      return UseOfQuery{.connection_id = id, .connection_bytes_max = cap, .bytes = bytes};
    };
    return make_metered_warehouse(
        std::move(warehouse),
        {.take = [use = parts_.use, use_of](const CallContext& context, std::uint64_t bytes) -> Result<> {
           return use->take(context, TRY(use_of(context, bytes)));
         },
         .give_back = [use = parts_.use, id](const CallContext& context,
                                             std::uint64_t bytes) { use->give_back(context, {.connection_id = id, .bytes = bytes}); }});
  }

  static std::unexpected<Error> in_use(std::vector<std::string> dashboards, std::string_view way_out) {
    const std::size_t count = dashboards.size();
    if (count > kDashboardsNamedMax) dashboards.resize(kDashboardsNamedMax);
    Violation violation{.path = "id",
                        .code = "in_use",
                        .message = str("used by ", count, count == 1 ? " dashboard" : " dashboards"),
                        .allowed = dashboards};
    return fail(Error{
        .code = ErrorCode::failed_precondition,
        .message = str("Dashboards use this connection: ", join(dashboards, ", "), count > dashboards.size() ? ", …" : "", "; ", way_out),
        .reason = "connection_in_use",
        .violations = {violation}});
  }

  ConnectionServiceParts parts_;
  mutable WarehousePool warehouses_;
  LruCache<std::string, DataVersion> versions_{{.entries_max = kKnownVersionsMax}};  // by where the credentials lie
  std::atomic<std::uint64_t> changes_ = 1;
};

}  // namespace

std::shared_ptr<ConnectionService> make_connection_service(ConnectionServiceParts parts) {
  return std::make_shared<ConnectionServiceOnStores>(std::move(parts));
}

}  // namespace bridge
