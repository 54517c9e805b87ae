#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "base/testing/replacing_policy.h"
#include "features/connections/connection_service.h"
#include "features/connections/connection_store.h"
#include "features/connections/connections_endpoints.h"
#include "features/connections/warehouse_pool.h"
#include "features/teams/team.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"
#include "warehouse/dialect_list.h"
#include "warehouse/driver_list.h"
#include "warehouse/testing/empty_warehouse.h"

namespace bridge {
namespace {

constexpr std::string_view kCanary = "canary-pa55word";

// A driver with a secret that it gives away in its errors, as engines do.
class TalkativeDriver final : public WarehouseDriver {
 public:
  std::string type() const override { return "talkative"; }
  std::string title() const override { return "Talkative"; }
  const SqlDialect& dialect() const override { return *find_sql_dialect("sqlite"); }
  std::vector<CredentialField> fields() const override {
    return {{.name = "host", .about = "where"},
            {.name = "password", .about = "secret", .secret = true},
            {.name = "port", .about = "which", .required = false}};
  }
  Result<std::shared_ptr<Warehouse>> open(const CallContext&, const std::map<std::string, Secret>& credentials, const Opening&) override {
    return fail(
        Error{.code = ErrorCode::unavailable,
              .message = "password '" + credentials.at("password").reveal() + "' was refused by " + credentials.at("host").reveal()});
  }
};

// A driver of a type that nothing outside of it knows, with a place and a secret, which opens for passwords that begin with "right".
class GuardedDriver final : public WarehouseDriver {
 public:
  std::string type() const override { return "guarded"; }
  std::string title() const override { return "Guarded"; }
  const SqlDialect& dialect() const override { return *find_sql_dialect("duckdb"); }
  std::vector<CredentialField> fields() const override {
    return {{.name = "account", .about = "where", .where_it_is = true},
            {.name = "password", .about = "secret", .secret = true},
            {.name = "role", .about = "as whom", .required = false},
            {.name = "port", .about = "which", .type = FieldType::number, .default_value = "5432", .minimum = 1, .maximum = 65535},
            {.name = "tls", .about = "how safe", .type = FieldType::choice, .default_value = "require", .choices = {"disable", "require"}},
            {.name = "compress", .about = "or not", .type = FieldType::toggle, .required = false}};
  }
  Result<std::shared_ptr<Warehouse>> open(const CallContext&, const std::map<std::string, Secret>& credentials, const Opening&) override {
    ++opened;
    last_account = credentials.at("account").reveal();
    last_credentials = credentials;
    if (!credentials.at("password").reveal().starts_with("right"))
      return fail(ErrorCode::unavailable, "The password '" + credentials.at("password").reveal() + "' is refused");
    return std::make_shared<EmptyWarehouse>();
  }

  int opened = 0;
  std::string last_account;
  std::map<std::string, Secret> last_credentials;
};

NewConnection guarded(std::string name, std::string password = "right-0") {
  return {.name = std::move(name),
          .connection_type = "guarded",
          .credentials = {{"account", Secret("one.example")}, {"password", Secret(std::move(password))}}};
}

// `beside`: another process over its folder and directory. The directory lets one process in at a time, so that the two share their door to
// it; each has its own way to the folder, and a memory of its own.
struct Workspace {
  std::string folder;
  bool owns = true;
  std::shared_ptr<Database> database;
  std::shared_ptr<ObjectStore> lake;
  std::shared_ptr<KeyService> keys;
  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(*parse_time("2026-08-01T10:00:00Z"));
  std::vector<std::string> users;
  std::shared_ptr<GuardedDriver> guarded_driver = std::make_shared<GuardedDriver>();
  int catalogs_forgotten = 0;
  std::optional<NamedBy> refused;  // places that these named
  std::shared_ptr<ConnectionService> connections;

  explicit Workspace(const Workspace* beside = nullptr) : owns(beside == nullptr) {
    if (beside) {
      folder = beside->folder;
      database = beside->database;
    } else {
      std::string pattern = "/tmp/bridge_connections_XXXXXX";
      folder = mkdtemp(pattern.data());
      std::filesystem::create_directories(folder + "/data");
      std::ofstream(folder + "/data/sales.csv") << "city,amount\nRome,1\nOslo,2\n";
      database = *open_sqlite(":memory:");
      EXPECT_TRUE(migrate_up(*database).has_value());
      (void)database->transact({}, [](Transaction& transaction) -> Result<> {
        for (const char* id : {"a", "b"}) TRY(insert_row(transaction, "teams", Team{.id = TeamId(id), .name = id, .slug = id}));
        return {};
      });
    }
    lake = *open_folder_store(folder + "/lake");
    keys = *open_local_keys(folder + "/key", owns);
    auto drivers = make_warehouse_drivers();
    drivers.push_back(std::make_shared<TalkativeDriver>());
    drivers.push_back(guarded_driver);
    connections = make_connection_service(
        {.database = database,
         .credentials = lake,
         .keys = keys,
         .clock = clock,
         .drivers = drivers,
         .check_place = [this](const CallContext&, const WarehouseDriver&, const std::map<std::string, Secret>&, NamedBy by) -> Result<> {
           if (by == refused) return fail(ErrorCode::permission_denied, "path_not_allowed", "not there");
           return {};
         },
         .users = [this](const CallContext&, const Connection&) -> Result<std::vector<std::string>> { return users; },
         .forget_catalog = [this](Transaction&, const TeamScope&, const ConnectionId&) -> Result<> {
           ++catalogs_forgotten;
           return {};
         }});
  }
  ~Workspace() {
    connections.reset();
    if (owns) std::filesystem::remove_all(folder);
  }

  NewConnection files(std::string name) const {
    return {.name = std::move(name), .connection_type = "duckdb", .credentials = {{"path", Secret(folder + "/data")}}};
  }
  std::string envelope_key(const Connection& connection) const {
    return str("credentials/", connection.team_id.value(), "/", connection.id.value(), ".enc");
  }
  Result<Response> call(Method method, std::string_view path, const Request& request) const {
    for (const Route& route : connection_routes(*connections)) {
      if (route.method == method && route.path == path) return route.handler(request);
    }
    return fail(ErrorCode::internal, "no such route");
  }
};

CallContext in_team(const char* team) { return {.caller = {.team_id = TeamId(team), .role = Role::admin, .credential_id = "key:k"}}; }

NewConnection talkative(std::string name) {
  return {.name = std::move(name),
          .connection_type = "talkative",
          .credentials = {{"host", Secret("db.example")}, {"password", Secret(std::string(kCanary))}}};
}

std::string problem_of(const Error& error) { return json::serialize(problem_json(error, "c")); }

TEST(ConnectionService, TestsARealWarehouseAndOpensItOnce) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), workspace.files("sales"));
  ASSERT_TRUE(connection.has_value()) << connection.error().detail;
  EXPECT_EQ(connection->status, ConnectionStatus::testing);
  const auto test = workspace.connections->test(in_team("a"), connection->id);
  ASSERT_TRUE(test.has_value() && test->success) << test->error.value_or("");
  EXPECT_EQ(workspace.connections->get(in_team("a"), connection->id)->status, ConnectionStatus::active);
  EXPECT_EQ(workspace.connections->get(in_team("a"), connection->id)->last_tested_at, workspace.clock->now());
  const auto first = workspace.connections->open_warehouse(in_team("a"), connection->id);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(*workspace.connections->dialect_of(*connection), &(*first)->dialect());
  EXPECT_EQ(*first, *workspace.connections->open_warehouse(in_team("a"), connection->id));
  EXPECT_EQ((*first)->describe_all_tables({}, (*first)->list_datasets({})->front().name)->front().row_count, 2);
}

TEST(ConnectionService, ShowsEachViewerTheirPartOfAWarehouseThatIsOpenOnce) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), workspace.files("sales"));
  ASSERT_TRUE(connection.has_value());
  CallContext viewer = in_team("a");
  viewer.caller.policy = policy_of("none", "SELECT 1", "SELECT 2");
  const auto warehouse = *workspace.connections->open_warehouse(viewer, connection->id);
  EXPECT_EQ(warehouse, *workspace.connections->open_warehouse(in_team("a"), connection->id));
  EXPECT_EQ(warehouse->execute(viewer, {.sql = "SELECT 1 AS n"}, {})->columns[0].integers[0], 2);
  EXPECT_EQ(warehouse->execute(in_team("a"), {.sql = "SELECT 1 AS n"}, {})->columns[0].integers[0], 1);
}

TEST(ConnectionService, SaysWhatAPersonCanDoWhenAWarehouseIsMissing) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(
      in_team("a"), {.name = "x", .connection_type = "duckdb", .credentials = {{"path", Secret(workspace.folder + "/none.duckdb")}}});
  const auto test = workspace.connections->test(in_team("a"), connection->id);
  ASSERT_TRUE(test.has_value());
  EXPECT_FALSE(test->success);
  EXPECT_EQ(test->status, ConnectionStatus::failed);
  const auto after = workspace.connections->get(in_team("a"), connection->id);
  EXPECT_EQ(after->status, ConnectionStatus::failed);
  EXPECT_EQ(after->last_error, test->error);
  EXPECT_FALSE(workspace.connections->open_warehouse(in_team("a"), connection->id).has_value());
}

TEST(ConnectionService, ChecksEveryFieldAgainstTheDriver) {
  const Workspace workspace;
  const auto codes = [&](NewConnection input) {
    std::vector<std::string> out;
    const auto created = workspace.connections->create(in_team("a"), std::move(input));
    EXPECT_FALSE(created.has_value());
    for (const Violation& violation : created.error().violations)
      out.push_back(violation.path + ":" + violation.code + ":" + violation.suggestion);
    return out;
  };
  using Codes = std::vector<std::string>;
  EXPECT_EQ(codes({.name = "x", .connection_type = "duckdb", .credentials = {{"pth", Secret("/x")}}}),
            (Codes{"credentials.pth:unknown_field:path", "credentials.path:missing_field:"}));
  EXPECT_EQ(codes({.name = "x", .connection_type = "duckdb", .credentials = {{"path", Secret("  ")}}}),
            (Codes{"credentials.path:missing_field:"}));
  EXPECT_EQ(codes({.name = "x", .connection_type = "duckdbb"}), (Codes{"connection_type:unknown_value:duckdb"}));
  EXPECT_EQ(codes({.name = " ", .connection_type = "oracle"}), (Codes{"name:empty:", "connection_type:unknown_value:"}));
  EXPECT_EQ(codes({.name = "a\nb", .connection_type = "duckdb", .credentials = {{"path", Secret(std::string(40'000, 'x'))}}}),
            (Codes{"name:bad_character:", "credentials.path:too_long:"}));
  EXPECT_TRUE(workspace.lake->list({}, "credentials/")->empty());
}

TEST(ConnectionService, HoldsEveryFieldToItsTypeAndTakesDefaults) {
  Workspace workspace;
  const auto create = [&](std::map<std::string, Secret> more) {
    std::map<std::string, Secret> credentials{{"account", Secret("a")}, {"password", Secret("right")}};
    for (auto& [name, value] : more) credentials.insert_or_assign(name, value);
    return workspace.connections->create(in_team("a"), {.name = "n", .connection_type = "guarded", .credentials = std::move(credentials)},
                                         NewConnectionTest::first);
  };
  for (const auto& [field, value] : std::vector<std::pair<std::string, std::string>>{
           {"port", "many"}, {"port", "0"}, {"port", "65536"}, {"port", "1 OR 1"}, {"tls", "verify"}, {"compress", "yes"}}) {
    const auto refused = create({{field, Secret(value)}});
    ASSERT_FALSE(refused) << field << "=" << value;
    ASSERT_EQ(refused.error().violations.size(), 1u);
    EXPECT_EQ(refused.error().violations[0].path, "credentials." + field);
    EXPECT_EQ(refused.error().violations[0].got, value);
  }
  EXPECT_TRUE(create({{"port", Secret("6543")}, {"compress", Secret("true")}}));
  EXPECT_EQ(workspace.guarded_driver->last_credentials.at("port").reveal(), "6543");
  EXPECT_EQ(workspace.guarded_driver->last_credentials.at("tls").reveal(), "require");
}

TEST(ConnectionService, RefusesASecondConnectionWithTheSameNameInATeam) {
  const Workspace workspace;
  ASSERT_TRUE(workspace.connections->create(in_team("a"), workspace.files("sales")).has_value());
  const auto second = workspace.connections->create(in_team("a"), workspace.files(" sales "));
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_EQ(second.error().reason, "connection_name_conflict");
  EXPECT_EQ(workspace.lake->list({}, "credentials/")->size(), 1u);
  EXPECT_TRUE(workspace.connections->create(in_team("b"), workspace.files("sales")).has_value());
}

TEST(ConnectionService, FindsByNameAndSuggestsTheNearest) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), workspace.files("sales"));
  EXPECT_EQ(workspace.connections->get_by_name(in_team("a"), "sales")->id, connection->id);
  EXPECT_NE(workspace.connections->get_by_name(in_team("a"), "slaes").error().message.find("did you mean 'sales'"), std::string::npos);
  EXPECT_EQ(workspace.connections->get_by_name(in_team("b"), "slaes").error().message.find("sales'"), std::string::npos);
  EXPECT_EQ(*workspace.connections->list_names(in_team("a")), (std::vector<std::string>{"sales"}));
}

TEST(ConnectionService, GivesAwayNoSecretAnywhere) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), talkative("db"));
  ASSERT_TRUE(connection.has_value());
  const auto test = workspace.connections->test(in_team("a"), connection->id);
  ASSERT_TRUE(test.has_value());
  EXPECT_EQ(test->error, "password '***' was refused by db.example");
  EXPECT_EQ(to_json_text(*workspace.connections->get(in_team("a"), connection->id)).find(kCanary), std::string::npos);
  EXPECT_EQ(workspace.connections->open_warehouse(in_team("a"), connection->id).error().message.find(kCanary), std::string::npos);
  EXPECT_EQ(workspace.lake->get({}, workspace.envelope_key(*connection))->content.find(kCanary), std::string::npos);
  for (const char* table : {"connections", "audit_events"}) {
    const auto rows = *read_value<std::vector<DbRow>>(
        *workspace.database, {}, [&](Transaction& transaction) { return transaction.query(str("SELECT * FROM ", table), {}); });
    for (const DbRow& row : rows) {
      for (const DbValue& value : row.values) {
        const auto* text = std::get_if<std::string>(&value);
        EXPECT_TRUE(!text || text->find(kCanary) == std::string::npos) << table;
      }
    }
  }
}

TEST(ConnectionService, FailsClosedOnAnAlteredMovedOrMissingEnvelope) {
  const Workspace workspace;
  const auto mine = workspace.connections->create(in_team("a"), workspace.files("one")),
             other = workspace.connections->create(in_team("a"), workspace.files("two"));
  const auto theirs = workspace.connections->create(in_team("b"), workspace.files("three"));
  const std::string key = workspace.envelope_key(*mine), good = workspace.lake->get({}, key)->content;
  const auto opens = [&] {
    const auto warehouse = workspace.connections->open_warehouse(in_team("a"), mine->id);
    EXPECT_TRUE(warehouse || warehouse.error().reason == "credential_unreadable");
    return warehouse.has_value();
  };
  std::string altered = good;
  altered[altered.size() / 2] ^= 1;
  for (const std::string& bad :
       {altered, good.substr(0, 50), std::string(), workspace.lake->get({}, workspace.envelope_key(*other))->content,
        workspace.lake->get({}, workspace.envelope_key(*theirs))->content}) {
    ASSERT_TRUE(workspace.lake->put({}, key, bad, kAnyGeneration).has_value());
    EXPECT_FALSE(opens());
  }
  ASSERT_TRUE(workspace.lake->remove({}, key));
  EXPECT_FALSE(opens());
  EXPECT_FALSE(workspace.connections->test(in_team("a"), mine->id)->success);
  EXPECT_TRUE(workspace.connections->open_warehouse(in_team("a"), other->id).has_value());  // the others are not touched by it
  ASSERT_TRUE(workspace.lake->put({}, key, good, 0).has_value());
  EXPECT_TRUE(opens());
}

TEST(ConnectionService, RemovesTheRecordAndTheCredentialsUnlessTheyAreUsed) {
  Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), workspace.files("sales"));
  workspace.users = {"flights", "delays"};
  const auto used = workspace.connections->remove(in_team("a"), connection->id, RemoveConnection::unless_used);
  EXPECT_EQ(used.error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(used.error().reason, "connection_in_use");
  EXPECT_NE(used.error().message.find("flights, delays"), std::string::npos);
  EXPECT_TRUE(workspace.connections->open_warehouse(in_team("a"), connection->id).has_value());
  EXPECT_EQ(workspace.connections->remove(in_team("b"), connection->id, RemoveConnection::even_if_used).error().code, ErrorCode::not_found);
  ASSERT_TRUE(workspace.connections->remove(in_team("a"), connection->id, RemoveConnection::even_if_used));
  EXPECT_TRUE(workspace.lake->list({}, "credentials/")->empty());
  EXPECT_EQ(workspace.connections->open_warehouse(in_team("a"), connection->id).error().code, ErrorCode::not_found);
}

TEST(ConnectionService, SweepsEnvelopesThatACrashLeft) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), workspace.files("sales"));
  ASSERT_TRUE(workspace.lake->put({}, "credentials/a/left-behind.enc", "x", 0).has_value());
  EXPECT_EQ(*workspace.connections->remove_orphans({}), 1);
  EXPECT_TRUE(workspace.connections->open_warehouse(in_team("a"), connection->id).has_value());
}

TEST(ConnectionsEndpoints, AnswerAnotherTeamsConnectionAsOneThatDoesNotExist) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), workspace.files("sales"));
  for (const auto& [method, path] :
       std::vector<std::pair<Method, std::string_view>>{{Method::get, "/v1/onboarding/connections/{id}"},
                                                        {Method::post, "/v1/onboarding/connections/{id}/test"},
                                                        {Method::patch, "/v1/onboarding/connections/{id}"},
                                                        {Method::delete_, "/v1/onboarding/connections/{id}"}}) {
    const auto answer = [&](const std::string& id) {
      return problem_of(workspace
                            .call(method, path,
                                  {.path_parameters = {{"id", id}},
                                   .headers = {{"content-type", "application/json"}},
                                   .body = R"({"name":"x"})",
                                   .context = in_team("b")})
                            .error());
    };
    EXPECT_EQ(answer(connection->id.value()), answer(make_uuid())) << path;
  }
  EXPECT_EQ(*workspace.call(Method::get, "/v1/onboarding/connections", {.context = in_team("b")})->body.front(),
            R"({"items":[],"next_cursor":null})");
}

TEST(ConnectionsEndpoints, TakeTheTypesOfTheDriversAndListThemToWhoNamesAnother) {
  const Workspace workspace;
  const auto create = [&](const std::string& type) {
    return workspace.call(
        Method::post, "/v1/onboarding/connections",
        {.headers = {{"content-type", "application/json"}},
         .body = str(R"({"name":"x","connection_type":")", type, R"(","credentials":{"account":"one.example","password":"right-0"}})"),
         .context = in_team("a")});
  };
  std::vector<std::string> types;
  for (const auto& type : workspace.connections->list_types()) types.push_back(type.type);
  for (const char* type : {"oracle", "guardde", "no_such", ""}) {
    const auto refused = create(type);
    ASSERT_FALSE(refused.has_value()) << type;
    EXPECT_EQ(traits_of(refused.error().code).http_status, 422);
    ASSERT_EQ(refused.error().violations.size(), 1u) << type;
    const Violation& violation = refused.error().violations.front();
    EXPECT_EQ(violation.path, "connection_type");
    EXPECT_EQ(violation.allowed, types);
    EXPECT_NE(violation.message.find(str("is not a connection type of this build (", join(types, ", "), ")")), std::string::npos)
        << violation.message;
  }
  const auto created = create("guarded");
  ASSERT_TRUE(created.has_value()) << created.error().detail;
  EXPECT_EQ(created->status, 201);
}

TEST(ConnectionsEndpoints, RefuseEveryWrongBody) {
  const Workspace workspace;
  for (const char* body : {"[]", "null", "{}", R"({"name":{"a":1},"connection_type":"duckdb","credentials":{}})",
                           R"({"name":"x","connection_type":"duckdb","credentials":[]})",
                           R"({"name":"x","connection_type":"duckdb","credentials":{"path":1}})",
                           R"({"name":"x","connection_type":"duckdb","credentials":{"path":{"a":"b"}}})",
                           R"({"name":"x","connection_type":["duckdb"],"credentials":{"path":"/x"}})",
                           R"({"name":"x","connection_type":"duckdb","credentials":{"path":"/x"},"status":"active"})",
                           R"({"name":"x","connection_type":"duckdb","credentials":{"path":"/x","path":"/y"}})"}) {
    const auto response = workspace.call(Method::post, "/v1/onboarding/connections",
                                         {.headers = {{"content-type", "application/json"}}, .body = body, .context = in_team("a")});
    ASSERT_FALSE(response.has_value()) << body;
    EXPECT_EQ(response.error().code, ErrorCode::invalid_argument) << body;
  }
  const auto foreign = workspace.call(Method::post, "/v1/onboarding/connections",
                                      {.headers = {{"content-type", "application/json"}},
                                       .body = R"({"team_id":"b","name":"x","connection_type":"duckdb","credentials":{"path":"/x"}})",
                                       .context = in_team("a")});
  EXPECT_EQ(foreign.error().code, ErrorCode::not_found);
  EXPECT_FALSE(workspace
                   .call(Method::delete_, "/v1/onboarding/connections/{id}",
                         {.path_parameters = {{"id", "x"}}, .query = {{"force", "yes"}}, .context = in_team("a")})
                   .has_value());
}

TEST(ConnectionsEndpoints, CreateListAndDescribeTypes) {
  const Workspace workspace;
  const json::value body{{"name", "sales"}, {"connection_type", "duckdb"}, {"credentials", {{"path", workspace.folder + "/data"}}}};
  const auto created =
      workspace.call(Method::post, "/v1/onboarding/connections",
                     {.headers = {{"content-type", "application/json"}}, .body = json::serialize(body), .context = in_team("a")});
  ASSERT_TRUE(created.has_value()) << describe_error(created.error());
  EXPECT_EQ(created->status, 201);
  const json::value connection = json::parse(*created->body.front());
  EXPECT_EQ(connection.at("status"), "testing");
  EXPECT_FALSE(connection.as_object().contains("credentials"));
  EXPECT_FALSE(connection.as_object().contains("credentials_path"));
  const json::value types = json::parse(*workspace.call(Method::get, "/v1/connection-types", {})->body.front());
  EXPECT_EQ(types.at(0).at("type"), "duckdb");
  EXPECT_EQ(types.at(0).at("fields").at(0).at("name"), "path");
}

ConnectionChange changing(std::map<std::string, std::optional<std::string>> fields) {
  ConnectionChange change;
  for (auto& [name, value] : fields) change.credentials[name] = value ? std::optional(Secret(*value)) : std::nullopt;
  return change;
}

TEST(ConnectionService, KeepsNothingOfAConnectionThatHasToWorkAndDoesNot) {
  const Workspace workspace;
  const auto failed = workspace.connections->create(in_team("a"), guarded("sales", "wrong-secret"), NewConnectionTest::first);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(failed.error().reason, "connection_failed");
  EXPECT_EQ(describe_error(failed.error()).find("wrong-secret"), std::string::npos);
  EXPECT_TRUE(workspace.connections->list(in_team("a"), {})->empty());
  EXPECT_TRUE(workspace.lake->list({}, "credentials/")->empty());
  const auto works = workspace.connections->create(in_team("a"), guarded("sales"), NewConnectionTest::first);
  ASSERT_TRUE(works.has_value()) << describe_error(works.error());
  EXPECT_EQ(works->status, ConnectionStatus::active);
  EXPECT_EQ(works->last_tested_at, workspace.clock->now());
  const int opened = workspace.guarded_driver->opened;
  EXPECT_TRUE(workspace.connections->open_warehouse(in_team("a"), works->id).has_value());
  EXPECT_EQ(workspace.guarded_driver->opened, opened) << "the warehouse that was proven is the one that is used";
}

TEST(ConnectionService, AsksWhetherAPlaceIsAllowedBeforeItLooksThereAndWheneverItIsOpened) {
  Workspace workspace;
  const CallContext team = in_team("a");
  CallContext server_operator = team;
  server_operator.caller.is_operator = true;
  workspace.refused = NamedBy::team;
  EXPECT_EQ(workspace.connections->create(team, guarded("g"), NewConnectionTest::first).error().reason, "path_not_allowed");
  EXPECT_EQ(workspace.guarded_driver->opened, 0);
  const auto made = workspace.connections->create(server_operator, guarded("g"));
  ASSERT_TRUE(made);
  // What the operator named stays so when somebody else changes how it is opened, and not where it is.
  EXPECT_TRUE(workspace.connections->update(team, made->id, {.credentials = {{"role", Secret("reader")}}}));
  EXPECT_TRUE(workspace.connections->open_warehouse(team, made->id));
  const ConnectionChange elsewhere{.credentials = {{"account", Secret("other")}, {"password", Secret("right-1")}}};
  EXPECT_EQ(workspace.connections->update(team, made->id, elsewhere).error().reason, "path_not_allowed");
  EXPECT_TRUE(workspace.connections->update(server_operator, made->id, elsewhere));
  // What was allowed when it was named may not be any more.
  workspace.refused.reset();
  const auto of_team = workspace.connections->create(team, guarded("later"));
  ASSERT_TRUE(of_team);
  workspace.refused = NamedBy::team;
  EXPECT_EQ(workspace.connections->open_warehouse(team, of_team->id).error().reason, "path_not_allowed");
  EXPECT_FALSE(workspace.connections->test(team, of_team->id)->success);
}

TEST(ConnectionService, SendsNoSecretToAPlaceThatItWasNotGivenFor) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), guarded("sales"), NewConnectionTest::first);
  const int opened = workspace.guarded_driver->opened;
  const auto refused = workspace.connections->update(in_team("a"), connection->id, changing({{"account", "two.example"}}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().reason, "secret_required");
  EXPECT_EQ(refused.error().violations.at(0).path, "credentials.password");
  EXPECT_EQ(workspace.guarded_driver->opened, opened) << "it was not even tried";
  // A field that does not say where it is changes alone, and so does a place that is the same one.
  EXPECT_TRUE(workspace.connections->update(in_team("a"), connection->id, changing({{"role", "reader"}})).has_value());
  EXPECT_TRUE(workspace.connections->update(in_team("a"), connection->id, changing({{"account", " one.example "}})).has_value());
  EXPECT_EQ(workspace.catalogs_forgotten, 0);
  const auto moved =
      workspace.connections->update(in_team("a"), connection->id, changing({{"account", "two.example"}, {"password", "right-2"}}));
  ASSERT_TRUE(moved.has_value()) << describe_error(moved.error());
  EXPECT_EQ(workspace.guarded_driver->last_account, "two.example");
  EXPECT_EQ(workspace.catalogs_forgotten, 1);
}

TEST(ConnectionService, ProvesANewSecretBeforeTheOldOneGoes) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), guarded("sales"), NewConnectionTest::first);
  const auto first = *workspace.connections->open_warehouse(in_team("a"), connection->id);
  const std::string envelope = workspace.lake->list({}, "credentials/")->front().key;
  const auto failed = workspace.connections->update(in_team("a"), connection->id, changing({{"password", "wrong"}}));
  EXPECT_EQ(failed.error().reason, "connection_failed");
  EXPECT_EQ(failed.error().message.find("'wrong'"), std::string::npos);
  EXPECT_EQ(*workspace.connections->open_warehouse(in_team("a"), connection->id), first);
  EXPECT_EQ(workspace.connections->get(in_team("a"), connection->id)->version, connection->version);
  EXPECT_EQ(workspace.lake->list({}, "credentials/")->front().key, envelope);

  const auto changes = workspace.connections->change_count();
  const auto changed = workspace.connections->update(in_team("a"), connection->id, changing({{"password", "right-1"}}));
  ASSERT_TRUE(changed.has_value()) << describe_error(changed.error());
  EXPECT_NE(changed->version, connection->version) << "what was read with the old credentials is out of date";
  EXPECT_GT(workspace.connections->change_count(), changes);
  EXPECT_NE(*workspace.connections->open_warehouse(in_team("a"), connection->id), first);
  const auto envelopes = *workspace.lake->list({}, "credentials/");
  ASSERT_EQ(envelopes.size(), 1u);
  EXPECT_NE(envelopes.front().key, envelope);
  EXPECT_EQ(*workspace.connections->remove_orphans({}), 0);
  const auto events = *read_value<std::int64_t>(*workspace.database, {}, [](Transaction& transaction) -> Result<std::int64_t> {
    return read_count(TRY(transaction.query("SELECT COUNT(*) FROM audit_events WHERE action = 'connection.update'", {})));
  });
  EXPECT_EQ(events, 1);
}

TEST(ConnectionService, AnEarlierEnvelopeOfTheSameConnectionCannotTakeTheNewOnesPlace) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), guarded("sales"), NewConnectionTest::first);
  const std::string old = workspace.lake->get({}, workspace.envelope_key(*connection))->content;
  ASSERT_TRUE(workspace.connections->update(in_team("a"), connection->id, changing({{"password", "right-1"}})).has_value());
  const std::string key = workspace.lake->list({}, "credentials/")->front().key;
  ASSERT_TRUE(workspace.lake->put({}, key, old, kAnyGeneration).has_value());
  EXPECT_FALSE(workspace.connections->test(in_team("a"), connection->id)->success);
  // And then everything is entered anew, the place too.
  EXPECT_EQ(workspace.connections->update(in_team("a"), connection->id, changing({{"password", "right-2"}})).error().violations.at(0).code,
            "missing_field");
  EXPECT_TRUE(
      workspace.connections->update(in_team("a"), connection->id, changing({{"account", "x"}, {"password", "right-2"}})).has_value());
}

TEST(ConnectionService, ChangesOnlyWhatIsItsTeamsAtTheVersionThatWasRead) {
  Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), guarded("sales"), NewConnectionTest::first);
  ASSERT_TRUE(workspace.connections->create(in_team("a"), workspace.files("files")).has_value());
  const auto rename = [&](const char* team, std::string name, RenameConnection how = RenameConnection::unless_used,
                          std::optional<std::string> version = std::nullopt) {
    return workspace.connections->update(in_team(team), connection->id, {.name = std::move(name)}, how, version);
  };
  EXPECT_EQ(rename("b", "other").error().code, ErrorCode::not_found);
  EXPECT_EQ(rename("a", "files").error().reason, "connection_name_conflict");
  EXPECT_EQ(rename("a", " ").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(rename("a", "orders", RenameConnection::unless_used, "old").error().code, ErrorCode::aborted);
  workspace.users = {"flights"};
  const auto used = rename("a", "orders");
  EXPECT_EQ(used.error().reason, "connection_in_use");
  EXPECT_NE(used.error().message.find("flights"), std::string::npos);
  EXPECT_EQ(rename("a", "orders", RenameConnection::even_if_used, connection->version)->name, "orders");
  EXPECT_EQ(workspace.connections->update(in_team("a"), connection->id, changing({{"acount", "x"}})).error().violations.at(0).suggestion,
            "account");
  EXPECT_EQ(
      workspace.connections->update(in_team("a"), connection->id, changing({{"password", std::nullopt}})).error().violations.at(0).code,
      "missing_field");
}

TEST(ConnectionsEndpoints, AChangeIsMadeOnceToTheVersionThatItsETagNames) {
  const Workspace workspace;
  const auto connection = workspace.connections->create(in_team("a"), guarded("sales"), NewConnectionTest::first);
  const auto patch = [&](std::string body, const std::string& tag) {
    return workspace.call(Method::patch, "/v1/onboarding/connections/{id}",
                          {.path_parameters = {{"id", connection->id.value()}},
                           .headers = {{"content-type", "application/json"}, {"if-match", tag}},
                           .body = std::move(body),
                           .context = in_team("a")});
  };
  const std::string tag = str('"', connection->version, '"');
  const auto changed = patch(R"({"credentials":{"role":"reader"}})", tag);
  ASSERT_TRUE(changed.has_value()) << describe_error(changed.error());
  EXPECT_EQ(json::parse(*changed->body.front()).as_object().contains("version"), false);
  EXPECT_EQ(patch(R"({"credentials":{"role":null}})", tag).error().code, ErrorCode::aborted);
  EXPECT_TRUE(patch(R"({"credentials":{"role":null}})", changed->headers.at(0).second).has_value());
  EXPECT_EQ(patch(R"({"connection_type":"duckdb"})", "*").error().violations.at(0).code, "unknown_field");
  EXPECT_EQ(patch(R"({})", "*")->status, 200);
}

TEST(WarehousePool, OpensOnceHoweverManyAskAndTriesAgainAfterAFailure) {
  WarehousePool pool;
  std::atomic<int> opened = 0;
  EXPECT_FALSE(pool.get({}, "x", [] { return Result<std::shared_ptr<Warehouse>>(fail(ErrorCode::unavailable, "away")); }).has_value());
  EXPECT_EQ(pool.size(), 0u);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        (void)pool.get({}, "x", [&]() -> Result<std::shared_ptr<Warehouse>> {
          ++opened;
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
          return std::make_shared<EmptyWarehouse>();
        });
      });
    }
  }
  EXPECT_EQ(opened, 1);
}

TEST(WarehousePool, AWarehouseThatHangsWhileItIsOpenedHoldsUpNobodyLongerThanTheirDeadlineAndNoOtherWarehouse) {
  WarehousePool pool;
  std::atomic<bool> hangs = true;
  std::atomic<bool> begun = false;
  const std::jthread opener([&] {
    (void)pool.get({}, "hangs", [&]() -> Result<std::shared_ptr<Warehouse>> {
      begun = true;
      while (hangs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      throw std::runtime_error("broken");
    });
  });
  while (!begun) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto open = [] { return Result<std::shared_ptr<Warehouse>>(std::make_shared<EmptyWarehouse>()); };
  EXPECT_TRUE(pool.get({}, "other", open).has_value());
  const auto late = pool.get(CallContext().with_timeout(std::chrono::milliseconds(30)), "hangs", open);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
  hangs = false;
}

TEST(WarehousePool, WhatIsDroppedWhileItIsBeingOpenedIsNotHandedOutAgain) {
  WarehousePool pool;
  const auto before = pool.get({}, "x", [&] {
    pool.drop("x");
    return Result<std::shared_ptr<Warehouse>>(std::make_shared<EmptyWarehouse>());
  });
  const auto after = pool.get({}, "x", [] { return Result<std::shared_ptr<Warehouse>>(std::make_shared<EmptyWarehouse>()); });
  EXPECT_NE(*before, *after);
}

TEST(WarehousePool, KeepsFewAndClosesIdleOnesThatNobodyUses) {
  WarehousePool pool(std::chrono::milliseconds(40));
  const auto open = [] { return Result<std::shared_ptr<Warehouse>>(std::make_shared<EmptyWarehouse>()); };
  const auto held = *pool.get({}, "held", open);
  std::weak_ptr<Warehouse> idle = *pool.get({}, "idle", open);
  for (int i = 0; i < 100; ++i) (void)pool.get({}, str(i), open);
  EXPECT_LE(pool.size(), 32u);
  for (int i = 0; i < 200 && pool.size() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(pool.size(), 0u);
  EXPECT_TRUE(idle.expired());
  EXPECT_TRUE(held->ping({}));
}

TEST(TwoConnectionServices, SeeEachOthersConnectionsAndTheirChangesAtOnce) {
  const Workspace first, second(&first);
  const auto connection = first.connections->create(in_team("a"), guarded("sales"));
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  EXPECT_EQ(second.connections->get_by_name(in_team("a"), "sales")->id, connection->id);
  EXPECT_EQ(second.connections->create(in_team("a"), guarded("sales")).error().reason, "connection_name_conflict");
  ASSERT_TRUE(second.connections->open_warehouse(in_team("a"), connection->id).has_value());
  ASSERT_TRUE(second.connections->open_warehouse(in_team("a"), connection->id).has_value());
  EXPECT_EQ(second.guarded_driver->opened, 1);

  ASSERT_TRUE(first.connections->update(in_team("a"), connection->id, changing({{"password", "right-1"}})).has_value());
  ASSERT_TRUE(second.connections->open_warehouse(in_team("a"), connection->id).has_value());
  EXPECT_EQ(second.guarded_driver->opened, 2) << "with the new password";

  ASSERT_TRUE(first.connections->remove(in_team("a"), connection->id, {}).has_value());
  EXPECT_EQ(second.connections->open_warehouse(in_team("a"), connection->id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(second.connections->list_names(in_team("a"))->empty());
}

TEST(TwoConnectionServices, LetOneOfTwoTakeANameAndLoseNone) {
  const Workspace first, second(&first);
  constexpr int count = 20;
  std::atomic<int> made = 0, taken = 0;
  {
    std::vector<std::jthread> writers;
    for (const auto& service : {first.connections, second.connections}) {
      writers.emplace_back([&made, &taken, service] {
        for (int i = 0; i < count; ++i) {
          const auto created = service->create(in_team("a"), guarded(str("name ", i)));
          if (created) ++made;
          else if (created.error().reason == "connection_name_conflict") ++taken;
        }
      });
    }
  }
  EXPECT_EQ(made, count);
  EXPECT_EQ(taken, count);
  const auto names = *first.connections->list_names(in_team("a"));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(names, *second.connections->list_names(in_team("a")));
  EXPECT_EQ(first.lake->list({}, "credentials/")->size(), static_cast<std::size_t>(count)) << "who came second left nothing behind";
  for (const std::string& name : names) {
    const ConnectionId id = first.connections->get_by_name(in_team("a"), name)->id;
    EXPECT_TRUE(first.connections->open_warehouse(in_team("a"), id).has_value()) << name;
    EXPECT_TRUE(second.connections->open_warehouse(in_team("a"), id).has_value()) << name;
  }
}

}  // namespace
}  // namespace bridge
