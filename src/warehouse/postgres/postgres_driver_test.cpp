#include "warehouse/postgres/postgres_driver.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/text.h"
#include "warehouse/postgres/limits.h"
#include "warehouse/postgres/postgres_server.h"
#include "warehouse/testing/driver_contract.h"

namespace bridge {
namespace {

using postgres::driver_of_this_machine;
using postgres::shared_server;
using postgres::TestServer;

// ---- the contract --------------------------------------------------------------------------------------------------

DriverUnderTest server_under_test() {
  return {.name = "server",
          .driver = driver_of_this_machine(),
          .credentials = shared_server().credentials(),
          .dataset = "public",
          .scan_accuracy = ScanAccuracy::estimate};
}
INSTANTIATE_TEST_SUITE_P(PostgresServer, DriverContract, testing::Values(MakeDriverUnderTest{&server_under_test}));

// ---- what the tests share ------------------------------------------------------------------------------------------

std::shared_ptr<Warehouse> warehouse_of(std::map<std::string, Secret> credentials = shared_server().credentials()) {
  auto opened = driver_of_this_machine()->open({}, credentials);
  EXPECT_TRUE(opened) << describe_error(opened.error());
  return opened ? *opened : nullptr;
}

// "[[1,null]]", or the error.
std::string rows_of(Warehouse& warehouse, const std::string& sql, const std::vector<SqlValue>& values = {}) {
  const auto result = warehouse.execute({}, {.sql = sql, .values = values}, {.rows_max = 100'000});
  if (!result) return describe_error(result.error());
  const std::string text = encode_rows(*result);
  const std::size_t at = text.find("\"rows\":") + 7;
  return text.substr(at, text.size() - at - 1);
}

// "integer text"
std::string types_of(Warehouse& warehouse, const std::string& sql) {
  const auto result = warehouse.execute({}, {.sql = sql}, {.rows_max = 100'000});
  if (!result) return describe_error(result.error());
  std::vector<std::string> types;
  for (const ResultColumn& column : result->columns) types.emplace_back(enum_name(column.type));
  return join(types, " ");
}

// What the error of opening with one field changed says.
Error open_error(const std::string& field, const std::string& value, const TestServer& server = shared_server(),
                 const CallContext& context = {}) {
  auto credentials = server.credentials();
  credentials[field] = Secret(value);
  const auto opened = driver_of_this_machine()->open(context, credentials);
  EXPECT_FALSE(opened) << field << " = " << value;
  return opened ? Error{} : opened.error();
}

// A server that takes connections and says one thing, or nothing.
class OddServer final {
 public:
  explicit OddServer(std::string says) : says_(std::move(says)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] {
      for (;;) {
        const int client = ::accept(socket_, nullptr, nullptr);
        if (client < 0) return;
        if (says_.empty()) {
          clients_.push_back(client);
          continue;
        }
        char ignored[1024];
        [[maybe_unused]] const auto got = ::read(client, ignored, sizeof ignored);
        [[maybe_unused]] const auto sent = ::write(client, says_.data(), says_.size());
        ::close(client);
      }
    });
  }
  ~OddServer() {
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
    thread_.join();
    for (const int client : clients_) ::close(client);
  }
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;
  int port() const { return port_; }

 private:
  std::string says_;
  int socket_ = -1;
  int port_ = 0;
  std::vector<int> clients_;
  std::jthread thread_;
};

// ---- opening -------------------------------------------------------------------------------------------------------

TEST(PostgresOpen, TakesNothingForAHostButOneNameOrAddress) {
  for (const char* host : {"/var/run/postgresql", "@abstract", "a,b", "host=x", "a b", "postgresql://a", "a/b", "", "-x", "a;b", "$(x)"})
    EXPECT_EQ(reason_of(open_error("host", host)), "connection_not_allowed") << host;
  for (const char* field : {"service", "passfile", "options", "sslrootcert", "sslkey", "hostaddr", "sslpassword", "krbsrvname"})
    EXPECT_EQ(reason_of(open_error(field, "x")), "connection_not_allowed") << field;
  for (const char* port : {"0", "65536", "-1", "5432,5433", "x"})
    EXPECT_EQ(reason_of(open_error("port", port)), "connection_not_allowed") << port;
  EXPECT_EQ(reason_of(open_error("ssl_mode", "allow")), "connection_not_allowed");
  EXPECT_EQ(reason_of(open_error("password", "")), "credential_missing");
  EXPECT_EQ(reason_of(open_error("ssl_mode", "verify-full")), "credential_missing");
  EXPECT_EQ(reason_of(open_error("ca_certificate", "/etc/ssl/certs/ca-certificates.crt")), "not_a_certificate");
  EXPECT_EQ(reason_of(open_error("client_key", "-----BEGIN PRIVATE KEY-----")), "credential_missing");
  EXPECT_TRUE(driver_of_this_machine()->open({}, shared_server().credentials("no_such' host=/tmp")).error().message.contains("no database"))
      << "a database's name is a name, and no connection string";
}

TEST(PostgresOpen, NamesTheStepThatFailedAndTheMend) {
  const auto expect = [](const Error& error, std::string_view reason, std::string_view says) {
    EXPECT_EQ(reason_of(error), reason) << error.message << " | " << error.detail;
    EXPECT_TRUE(error.message.contains(says)) << error.message;
    EXPECT_FALSE(describe_error(error).contains(postgres::reader_password));
  };
  expect(open_error("password", "wrong"), "sign_in_failed", "Sign in: the user 'reader' or the password");
  expect(open_error("user", "nobody"), "sign_in_failed", "Sign in");
  expect(open_error("database", "nothing"), "database_not_found", "no database 'nothing'");
  expect(open_error("host", "no-such-host.invalid"), "host_not_found", "Resolve");
  expect(open_error("port", "1"), "connection_refused", "Connect: nothing listens at 127.0.0.1:1");
  expect(open_error("ssl_mode", "require"), "tls_refused", "TLS");
  shared_server().run("CREATE ROLE idle NOLOGIN PASSWORD 'x'");
  expect(open_error("user", "idle"), "sign_in_failed", "Sign in");
  const OddServer web("HTTP/1.1 400 Bad Request\r\n\r\n");
  expect(open_error("port", str(web.port())), "not_postgres", "no PostgreSQL");
}

TEST(PostgresOpen, ConnectsToNoAddressThatIsNotAllowedHoweverItIsWritten) {
  const auto reason_at = [](const std::string& host, NamedBy by, AllowedNetworks networks) {
    auto credentials = shared_server().credentials();
    credentials["host"] = Secret(host);
    const auto opened = make_postgres_driver({.networks = std::move(networks)})->open({}, credentials, {.named_by = by});
    if (!opened) {
      EXPECT_FALSE(replace_all(opened.error().message, host, "").contains("127.0.0.1")) << "it tells what a name leads to";
    }
    return opened ? std::string() : std::string(reason_of(opened.error()));
  };
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(reason_at(host, NamedBy::team, {}), "address_not_allowed") << host;
    EXPECT_EQ(reason_at(host, NamedBy::server_operator, {}), "address_not_allowed") << host;
    EXPECT_EQ(reason_at(host, NamedBy::team, AllowedNetworks::near_ones_of_operator()), "address_not_allowed") << host;
  }
  EXPECT_EQ(reason_at("127.0.0.1", NamedBy::server_operator, AllowedNetworks::near_ones_of_operator()), "");
  EXPECT_EQ(reason_at("169.254.169.254", NamedBy::server_operator, AllowedNetworks::near_ones_of_operator()), "address_not_allowed");
}

TEST(PostgresOpen, TakesNothingFromTheEnvironment) {
  const std::vector<const char*> names{"PGOPTIONS", "PGSERVICE", "PGSSLMODE", "PGPASSFILE", "PGHOSTADDR"};
  for (const char* name : names) ::setenv(name, "x", 1);
  EXPECT_TRUE(driver_of_this_machine()->open({}, shared_server().credentials()));
  for (const char* name : names) EXPECT_EQ(std::getenv(name), nullptr) << name;
}

TEST(PostgresOpen, TellsItsStepsAndTheOneThatFailedLast) {
  const auto steps_with = [](const std::string& field, const std::string& value) {
    auto credentials = shared_server().credentials();
    credentials[field] = Secret(value);
    std::vector<std::string> steps;
    (void)driver_of_this_machine()->open({}, credentials, {.on_step = [&](ConnectionStep step) { steps.emplace_back(enum_name(step)); }});
    return join(steps, " ");
  };
  EXPECT_EQ(steps_with("host", "127.0.0.1"), "resolve connect sign_in");
  EXPECT_EQ(steps_with("host", "no-such-host.invalid"), "resolve resolve");
  EXPECT_EQ(steps_with("port", "1"), "resolve connect connect");
  EXPECT_EQ(steps_with("password", "wrong"), "resolve connect sign_in sign_in");
  EXPECT_EQ(steps_with("ssl_mode", "require"), "resolve connect tls tls");
}

TEST(PostgresOpen, NamesTheFieldThatMendsIt) {
  const Error error = open_error("password", "wrong");
  ASSERT_EQ(error.violations.size(), 1U);
  EXPECT_EQ(error.violations[0].path, "credentials.password");
  EXPECT_EQ(error.violations[0].message, "give the role's password anew");
}

TEST(PostgresTls, ProvesTheServerAsFarAsTheModeSays) {
  TestServer server;
  const std::string authority = server.offer_tls(2);
  TestServer other;
  const std::string other_authority = other.offer_tls(-1);  // whose own certificate has expired
  const auto reason_with = [](const TestServer& at, const std::string& host, const std::string& mode, const std::string& ca) {
    auto credentials = at.credentials();
    credentials["host"] = Secret(host);
    credentials["ssl_mode"] = Secret(mode);
    if (!ca.empty()) credentials["ca_certificate"] = Secret(ca);
    const auto opened = make_postgres_driver({.networks = *AllowedNetworks::parse("127.0.0.0/8,::1")})->open({}, credentials);
    return opened ? std::string("open") : std::string(reason_of(opened.error()));
  };
  EXPECT_EQ(reason_with(server, "localhost", "require", ""), "open");
  EXPECT_EQ(reason_with(server, "localhost", "verify-full", authority), "open");
  EXPECT_EQ(reason_with(server, "127.0.0.1", "verify-ca", authority), "open");
  EXPECT_EQ(reason_with(server, "127.0.0.1", "verify-full", authority), "certificate_name");
  EXPECT_EQ(reason_with(server, "localhost", "verify-full", other_authority), "certificate_unknown");
  // libpq 15 tells no more than that it could not be verified; later ones say that it has expired.
  const std::string of_expired = reason_with(other, "localhost", "verify-full", other_authority);
  EXPECT_TRUE(of_expired == "certificate_unknown" || of_expired == "certificate_expired") << of_expired;
  EXPECT_EQ(reason_with(server, "localhost", "verify-full", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----"),
            "certificate_unreadable");
  const std::string hba = str(server.folder().string(), "/data/pg_hba.conf");
  server.run(str("COPY (SELECT 'hostssl all all all scram-sha-256') TO '", hba, "'"));
  server.run("SELECT pg_reload_conf()");
  for (int i = 0; i < 100 && reason_with(server, "localhost", "disable", "") != "tls_required"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(reason_with(server, "localhost", "disable", ""), "tls_required");
  EXPECT_EQ(reason_with(server, "localhost", "verify-full", authority), "open");
}

TEST(PostgresRights, AreTakenAwayByTheStatementThatIsSaid) {
  shared_server().run("CREATE ROLE writer LOGIN CREATEDB PASSWORD '" + replace_all(postgres::reader_password, "'", "''") + "'");
  shared_server().run("CREATE DATABASE rights");
  shared_server().run(
      "CREATE TABLE a (n int); CREATE TABLE b (n int); GRANT SELECT, INSERT ON a TO writer; GRANT pg_signal_backend TO writer", "rights");
  const auto rights_of = [](const std::string& user) {
    const auto warehouse = warehouse_of(shared_server().credentials("rights", user));
    const auto rights = warehouse->check_rights({});
    EXPECT_TRUE(rights && *rights);
    return join(**rights, "\n");
  };
  EXPECT_EQ(rights_of("reader"), "");
  const std::string said = rights_of("writer");
  EXPECT_EQ(said,
            "The role writer has CREATEDB: ALTER ROLE writer NOCREATEDB\n"
            "The role writer is a member of pg_signal_backend: REVOKE pg_signal_backend FROM writer\n"
            "The role writer may write 1 table: REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA … FROM writer, or give "
            "Bridge a role that "
            "owns none");
  shared_server().run(
      "ALTER ROLE writer NOCREATEDB; REVOKE pg_signal_backend FROM writer; REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN "
      "SCHEMA public FROM writer; GRANT CREATE ON SCHEMA public TO PUBLIC",
      "rights");
  EXPECT_EQ(rights_of("writer"), "The role writer may make tables in public: REVOKE CREATE ON SCHEMA public FROM PUBLIC, writer");
  shared_server().run("ALTER ROLE writer SUPERUSER", "rights");
  EXPECT_TRUE(rights_of("writer").starts_with("The role writer is a superuser"));
}

TEST(PostgresOpen, EndsAtTheCallsDeadlineWhereTheServerHangs) {
  const OddServer silent("");
  const auto started = std::chrono::steady_clock::now();
  const Error error = open_error("port", str(silent.port()), shared_server(), CallContext{}.with_timeout(std::chrono::milliseconds(300)));
  EXPECT_EQ(error.code, ErrorCode::deadline_exceeded) << error.message;
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

// ---- values --------------------------------------------------------------------------------------------------------

TEST(PostgresValues, AreExactWhateverTheirType) {
  shared_server().run(
      "CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN price AS numeric(30,4) CHECK (VALUE > 0); CREATE DOMAIN cheap AS price; "
      "CREATE TYPE pair AS (a int, b text); CREATE TYPE span AS RANGE (subtype = float8);");
  const auto warehouse = warehouse_of();
  struct Case {
    std::string sql;
    std::string value;
    std::string type;
  };
  for (const Case& each : std::vector<Case>{
           {"1::smallint", "1", "integer"},
           {"-2147483648::bigint", "-2147483648", "integer"},
           {"9223372036854775807::bigint", "\"9223372036854775807\"", "big_integer"},
           {"(-9223372036854775807 - 1)::bigint", "\"-9223372036854775808\"", "big_integer"},
           {"12345678901234567890123456789012345678901234567890.000000000000000000000000000001::numeric",
            "\"12345678901234567890123456789012345678901234567890.000000000000000000000000000001\"", "decimal"},
           {"-0.00001::numeric", "\"-0.00001\"", "decimal"},
           {"1000000::numeric", "\"1000000\"", "decimal"},
           {"100000000.10::numeric(20,2)", "\"100000000.10\"", "decimal"},
           {"0::numeric", "\"0\"", "decimal"},
           {"'NaN'::numeric", "\"NaN\"", "decimal"},
           {"'-Infinity'::numeric", "\"-Infinity\"", "decimal"},
           {"0.1::real", "0.1", "number"},
           {"1e308::double precision", "1e+308", "number"},
           {"true", "true", "boolean"},
           {"DATE '2024-02-29'", "\"2024-02-29\"", "date"},
           {"DATE '0044-03-15 BC'", "\"-0043-03-15\"", "date"},
           {"DATE '0001-12-31 BC'", "\"0000-12-31\"", "date"},
           {"DATE '12024-01-01'", "\"12024-01-01\"", "date"},
           {"DATE 'infinity'", "\"infinity\"", "text"},
           {"TIMESTAMP '-infinity'", "\"-infinity\"", "text"},
           {"TIMESTAMP '2024-01-02 03:04:05.060001'", "\"2024-01-02T03:04:05.060001Z\"", "timestamp"},
           {"TIMESTAMPTZ '2024-01-02 03:04:05+02'", "\"2024-01-02T01:04:05Z\"", "timestamp"},
           {"TIMESTAMP '1969-12-31 23:59:59.5'", "\"1969-12-31T23:59:59.5Z\"", "timestamp"},
           {"TIME '24:00:00'", "\"24:00:00\"", "time"},
           {"TIMETZ '12:30:00.25+05:30'", "\"12:30:00.25+05:30\"", "text"},
           {"INTERVAL '1 year 2 months -3 days 04:05:06.7'", "\"1 year 2 mons -3 days +04:05:06.7\"", "text"},
           {"ARRAY[1, NULL, 3]", "\"[1,null,3]\"", "json"},
           {"ARRAY['a,b', 'it''s \"x\" \\y', NULL, 'NULL', '']", R"("[\"a,b\",\"it's \\\"x\\\" \\\\y\",null,\"NULL\",\"\"]")", "json"},
           {"ARRAY[[1,2],[3,4]]", "\"[[1,2],[3,4]]\"", "json"},
           {"'[2:3]={7,8}'::int[]", "\"[7,8]\"", "json"},
           {"'{}'::text[]", "\"[]\"", "json"},
           {"ARRAY[true,false]", "\"[true,false]\"", "json"},
           {"ARRAY[9223372036854775807]", "\"[\\\"9223372036854775807\\\"]\"", "json"},
           {"ARRAY[TIMESTAMP '2024-01-02 03:04:05']", "\"[\\\"2024-01-02T03:04:05Z\\\"]\"", "json"},
           {"int4range(1, 5)", "\"[1,5)\"", "text"},
           {"CAST('[1.5,2.5]' AS span)", "\"[1.5,2.5]\"", "text"},
           {"'{\"a\": 1.10}'::json", "\"{\\\"a\\\": 1.10}\"", "json"},
           {"'{\"b\":1,\"a\":12345678901234567890.10}'::jsonb", "\"{\\\"a\\\": 12345678901234567890.10, \\\"b\\\": 1}\"", "json"},
           {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"", "text"},
           {"'\\x00ff10'::bytea", "\"\\\\x00ff10\"", "text"},
           {"CAST('it''s ok' AS mood)", "\"it's ok\"", "text"},
           {"CAST(1.5 AS cheap)", "\"1.5000\"", "decimal"},
           {"CAST(ROW(1, 'x y') AS pair)", "\"(1,\\\"x y\\\")\"", "text"},
           {"INET '10.0.0.1/8'", "\"10.0.0.1/8\"", "text"},
           {"B'101'", "\"101\"", "text"},
           {"'x'::char(3)", "\"x  \"", "text"},
           {"NULL::int", "null", "integer"},
           {"NULL::numeric[]", "null", "json"},
           {"'ü𝄞'::text", "\"ü𝄞\"", "text"},
       }) {
    // Alone in binary, beside a range all of the row as text.
    for (const std::string& beside : {std::string(), std::string(", int4range(1, 2) AS r")}) {
      const std::string sql = str("SELECT ", each.sql, " AS v", beside);
      const std::string expected = beside.empty() ? str("[[", each.value, "]]") : str("[[", each.value, ",\"[1,2)\"]]");
      std::string rows = rows_of(*warehouse, sql);
      EXPECT_EQ(rows, expected) << sql;
      EXPECT_EQ(types_of(*warehouse, sql), each.type + (beside.empty() ? "" : " text")) << sql;
    }
  }
}

TEST(PostgresValues, AreBoundAsTheirTypes) {
  shared_server().run(
      "CREATE TYPE size AS ENUM ('s', 'm'); CREATE TABLE sized (id uuid, size size, at timestamptz, n numeric); "
      "INSERT INTO sized VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'm', '2024-01-01 00:00+00', 12345678901234567890.5)");
  const auto warehouse = warehouse_of();
  const SqlDialect& dialect = warehouse->dialect();
  EXPECT_EQ(rows_of(*warehouse, "SELECT 1 AS x FROM sized WHERE id = $1", {std::string("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")}), "[[1]]");
  EXPECT_EQ(rows_of(*warehouse, "SELECT 1 AS x FROM sized WHERE size = $1", {std::string("m")}), "[[1]]");
  EXPECT_EQ(rows_of(*warehouse, "SELECT 1 AS x FROM sized WHERE at = $1", {Timestamp{"2024-01-01T01:00:00+01:00"}}), "[[1]]");
  EXPECT_EQ(rows_of(*warehouse, "SELECT 1 AS x FROM sized WHERE n = $1", {Decimal{"12345678901234567890.5"}}), "[[1]]");
  EXPECT_EQ(rows_of(*warehouse, "SELECT $1 AS a, $2 AS b", {std::string("it's"), nullptr}), "[[\"it's\",null]]");
  EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) AS n FROM sales WHERE $1 IS NULL OR region = $1", {std::string("north")}), "[[250]]");
  for (const ColumnType type : {ColumnType::date, ColumnType::timestamp, ColumnType::integer, ColumnType::number, ColumnType::decimal,
                                ColumnType::boolean, ColumnType::text}) {
    const std::string sign = dialect.placeholder(1, type);
    EXPECT_EQ(rows_of(*warehouse, str("SELECT count(*) AS n FROM sales WHERE ", sign, " IS NULL"), {nullptr}), "[[1000]]") << sign;
  }
  EXPECT_FALSE(warehouse->execute({}, {.sql = "SELECT $1 AS x", .values = {std::string("a\0b", 3)}}, {}));
}

// ---- bounds --------------------------------------------------------------------------------------------------------

TEST(PostgresRun, EndsOnTheServerTooWhenItsCallEnds) {
  const auto warehouse = warehouse_of();
  const std::string sql = "SELECT count(*) AS cancelled_here FROM generate_series(1, 100000) a, generate_series(1, 100000) b";
  const auto result = warehouse->execute(CallContext{}.with_timeout(std::chrono::milliseconds(300)), {.sql = sql}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::deadline_exceeded);
  // At the latest when the server's own time limit ends it, of a machine that is busy.
  const std::string still_runs =
      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%cancelled_here%' AND pid <> pg_backend_pid()";
  std::string count;
  for (int tried = 0; tried < 100 && count != "0\n"; ++tried) {
    if (tried > 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    count = shared_server().ask(still_runs);
  }
  EXPECT_EQ(count, "0\n");
  EXPECT_EQ(rows_of(*warehouse, "SELECT 1 AS x"), "[[1]]");
}

TEST(PostgresRun, LendsAConnectionAgainAsIfItWereNew) {
  const auto warehouse = warehouse_of();
  ASSERT_EQ(rows_of(*warehouse, "SELECT 1 AS x"), "[[1]]");
  const std::string before = shared_server().ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bridge'");
  for (int i = 0; i < 20; ++i) ASSERT_EQ(rows_of(*warehouse, "SELECT count(*) AS n FROM sales"), "[[1000]]");
  EXPECT_EQ(shared_server().ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bridge'"), before)
      << "one connection did for all";
  EXPECT_EQ(shared_server().ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bridge' AND state <> 'idle'"), "0\n");
}

TEST(PostgresRun, IsNotEndedByTheRequestThatEndedTheOneBefore) {
  const auto warehouse = warehouse_of();
  for (int i = 0; i < 300; ++i) {
    const auto cut = warehouse->execute({}, {.sql = "SELECT n FROM generate_series(1, 2000) AS n"}, {.rows_max = 1});
    ASSERT_TRUE(cut && cut->truncated) << describe_error(cut.error());
    const auto next = warehouse->execute({}, {.sql = "SELECT count(*) FROM generate_series(1, 3000)"}, {});
    ASSERT_TRUE(next) << i << ": " << describe_error(next.error());
  }
}

TEST(PostgresRun, GoesOnAfterTheServerWasRestarted) {
  TestServer server;
  const auto warehouse = warehouse_of(server.credentials());
  ASSERT_EQ(rows_of(*warehouse, "SELECT 1 AS x"), "[[1]]");
  std::string during;
  {
    std::jthread asking(
        [&] { during = rows_of(*warehouse, "SELECT count(*) AS n FROM generate_series(1, 100000) a, generate_series(1, 100000) b"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    server.stop("fast");
  }
  EXPECT_TRUE(during.contains("connection to PostgreSQL broke")) << during;
  const auto refused = warehouse->execute({}, {.sql = "SELECT 1 AS x"}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(reason_of(refused.error()), "connection_refused") << describe_error(refused.error());
  server.start();
  EXPECT_EQ(rows_of(*warehouse, "SELECT 1 AS x"), "[[1]]");
}

TEST(PostgresRun, SaysThatATableWasDroppedAfterItsDryRun) {
  shared_server().run("CREATE TABLE dropped (a int)");
  const auto warehouse = warehouse_of();
  ASSERT_TRUE(warehouse->dry_run({}, {.sql = "SELECT a FROM dropped"}));
  shared_server().run("DROP TABLE dropped");
  EXPECT_TRUE(rows_of(*warehouse, "SELECT a FROM dropped").contains("There is no table 'dropped'"));
}

TEST(PostgresRun, SaysWhatTheRoleMayNotRead) {
  shared_server().run(
      "CREATE ROLE guest LOGIN PASSWORD '" + replace_all(postgres::reader_password, "'", "''") +
      "'; CREATE SCHEMA shop; CREATE TABLE shop.open (a int); INSERT INTO shop.open VALUES (1); GRANT USAGE ON SCHEMA shop TO guest; "
      "GRANT SELECT ON shop.open TO guest; CREATE TABLE shop.closed (a int)");
  const auto warehouse = warehouse_of(shared_server().credentials("postgres", "guest"));
  EXPECT_EQ(rows_of(*warehouse, "SELECT a FROM shop.open"), "[[1]]");
  const auto refused = warehouse->execute({}, {.sql = "SELECT a FROM shop.closed"}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(reason_of(refused.error()), "warehouse_rights") << describe_error(refused.error());
  const auto tables = warehouse->list_tables({}, "shop");
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 1U);
  EXPECT_EQ(tables->front().name, "open");
}

// ---- catalog -------------------------------------------------------------------------------------------------------

TEST(PostgresCatalog, TellsKindsCommentsSizesAndPartitions) {
  shared_server().run(
      "CREATE SCHEMA store; COMMENT ON SCHEMA store IS 'what is sold'; "
      "CREATE TABLE store.orders (id bigint, day date NOT NULL, tags text[]) PARTITION BY RANGE (day); "
      "CREATE TABLE store.orders_1 PARTITION OF store.orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); "
      "CREATE TABLE store.orders_2 PARTITION OF store.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); "
      "INSERT INTO store.orders SELECT n, DATE '2024-01-01' + n % 700, ARRAY['a'] FROM generate_series(1, 1000) n; "
      "COMMENT ON TABLE store.orders IS 'one a row'; COMMENT ON COLUMN store.orders.id IS 'its number'; "
      "CREATE VIEW store.recent AS SELECT * FROM store.orders; CREATE MATERIALIZED VIEW store.kept AS SELECT * FROM store.orders; "
      "CREATE TABLE store.\"Odd \"\"name\" (\"A b\" int); ANALYZE store.orders; ANALYZE store.kept;");
  const auto warehouse = warehouse_of();
  const auto datasets = warehouse->list_datasets({});
  ASSERT_TRUE(datasets);
  const auto store = std::ranges::find(*datasets, "store", &DatasetInfo::name);
  ASSERT_NE(store, datasets->end());
  EXPECT_EQ(store->description, "what is sold");
  EXPECT_EQ(store->table_count, 4);
  const auto tables = warehouse->describe_all_tables({}, "store");
  ASSERT_TRUE(tables) << describe_error(tables.error());
  std::map<std::string, TableInfo> by_name;
  for (const TableInfo& table : *tables) by_name[table.name] = table;
  ASSERT_EQ(by_name.size(), 4U) << "partitions are no tables of their own";
  EXPECT_EQ(by_name["orders"].type, TableType::table);
  EXPECT_EQ(by_name["orders"].row_count, 1'000);
  EXPECT_GT(by_name["orders"].size_bytes, 0);
  EXPECT_EQ(by_name["orders"].description, "one a row");
  EXPECT_EQ(by_name["orders"].sql_name, "store.orders");
  ASSERT_EQ(by_name["orders"].columns.size(), 3U);
  EXPECT_EQ(by_name["orders"].columns[0].description, "its number");
  EXPECT_TRUE(by_name["orders"].columns[1].partitioning);
  EXPECT_FALSE(by_name["orders"].columns[1].nullable);
  EXPECT_EQ(by_name["orders"].columns[2].engine_type, "text[]");
  EXPECT_EQ(by_name["orders"].columns[2].type, ColumnType::json);
  EXPECT_EQ(by_name["recent"].type, TableType::view);
  EXPECT_GT(by_name["recent"].row_count, 0);
  EXPECT_EQ(by_name["kept"].type, TableType::materialized_view);
  EXPECT_EQ(by_name["Odd \"name"].sql_name, "store.\"Odd \"\"name\"");
  EXPECT_EQ(rows_of(*warehouse, "SELECT \"A b\" FROM " + by_name["Odd \"name"].sql_name), "[]");

  const auto one = warehouse->dry_run({}, {.sql = "SELECT id FROM store.orders WHERE day < DATE '2024-02-01'"});
  const auto all = warehouse->dry_run({}, {.sql = "SELECT id FROM store.orders"});
  ASSERT_TRUE(one && all);
  EXPECT_LT(one->bytes_scanned, all->bytes_scanned) << "a partition that is not looked at costs nothing";
}

TEST(PostgresCatalog, TellsKeysOfWhatTheRoleMayRead) {
  shared_server().run("CREATE DATABASE keys");
  shared_server().run(
      "CREATE SCHEMA \"Other\"; CREATE TABLE \"Other\".country (code text, year int, name text, PRIMARY KEY (year, code)); "
      "CREATE TABLE person (id int PRIMARY KEY, manager int REFERENCES person, country text, year int, "
      "FOREIGN KEY (country, year) REFERENCES \"Other\".country (code, year)); "
      "CREATE TABLE hidden (id int PRIMARY KEY); CREATE TABLE note (person int REFERENCES person, hidden int REFERENCES hidden) PARTITION "
      "BY LIST "
      "(person); CREATE TABLE note_1 PARTITION OF note FOR VALUES IN (1); CREATE ROLE partly LOGIN PASSWORD '" +
          replace_all(postgres::reader_password, "'", "''") +
          "'; GRANT USAGE ON SCHEMA \"Other\" TO partly; GRANT SELECT ON person, note, \"Other\".country TO partly",
      "keys");
  const auto warehouse = warehouse_of(shared_server().credentials("keys", "partly"));
  const auto keys_of = [&](const std::string& dataset, const std::string& table) {
    const std::vector<std::string> names{table};
    const auto described = warehouse->describe_tables({}, dataset, names);
    EXPECT_TRUE(described && described->size() == 1);
    std::string out;
    for (const TableKey& key : described->front().keys)
      out += str("(", join(key.columns, ","), ") ", key.references, "(", join(key.referenced_columns, ","), ")\n");
    return out;
  };
  EXPECT_EQ(keys_of("Other", "country"), "(year,code) ()\n");
  EXPECT_EQ(keys_of("public", "person"), "(id) ()\n(country,year) \"Other\".country(code,year)\n(manager) person(id)\n");
  EXPECT_EQ(keys_of("public", "note"), "(person) person(id)\n");
}

TEST(PostgresCatalog, ReadsWhatTextsAndNumbersMean) {
  shared_server().run(
      "CREATE TABLE written AS SELECT 'kr. ' || (1000 + n) AS crowns, '$' || n || ',000.50' AS dollars, to_char(DATE '2024-01-01' + n, "
      "'DD.MM.YYYY') AS sent, to_char(DATE '2024-01-01' + n, 'YYYYMMDD')::int AS day_id, 1704067200 + n * 3600 AS created_at, n % 24 || "
      "':05:30' AS "
      "lasted, '00' || n AS code, n * INTERVAL '1 minute' AS took FROM generate_series(1, 99) AS n");
  const auto warehouse = warehouse_of();
  const auto statistics = warehouse->column_statistics({}, "public", "written", {});
  ASSERT_TRUE(statistics) << describe_error(statistics.error());
  std::string read;
  for (const ColumnStatistics& column : *statistics) {
    read += str(column.column, " ", column.read_as ? enum_name(*column.read_as) : "-", " ", column.min.value_or("-"), " ",
                column.max.value_or("-"), " ", column.read_unit.value_or("-"), "\n");
    if (!column.read_sql) continue;
    const std::string first = rows_of(*warehouse, str("SELECT count(*) FROM written WHERE (", *column.read_sql, ") IS NULL"));
    EXPECT_EQ(first, "[[0]]") << column.column;
  }
  EXPECT_EQ(read,
            "crowns number 1001 1099 kr.\n"
            "dollars number 1000.50 99000.50 $\n"
            "sent date 2024-01-02 2024-04-09 -\n"
            "day_id date 2024-01-02 2024-04-09 -\n"
            "created_at timestamp 2024-01-01T01:00:00Z 2024-01-05T03:00:00Z -\n"
            "lasted seconds 330 83130 -\n"
            "code - 001 0099 -\n"
            "took seconds 60 5940 -\n");
}

TEST(PostgresCatalog, TakesStatisticsFromTheServerWhereTheBudgetIsSmall) {
  shared_server().run(
      "CREATE TABLE measured AS SELECT n AS id, (ARRAY['a','b','b'])[n % 3 + 1] AS kind, NULL::int AS none FROM "
      "generate_series(1, 3000) n; ANALYZE measured");
  const auto warehouse = warehouse_of();
  const auto all = warehouse->column_statistics({}, "public", "measured", {.scanned_bytes_max = 1});
  ASSERT_TRUE(all) << describe_error(all.error());
  ASSERT_EQ(all->size(), 3U);
  EXPECT_TRUE((*all)[0].sampled);
  EXPECT_EQ((*all)[0].min, "1");
  EXPECT_EQ((*all)[0].max, "3000");
  EXPECT_EQ((*all)[0].distinct_count, 3'000);
  ASSERT_EQ((*all)[1].top_values.size(), 2U);
  EXPECT_EQ((*all)[1].top_values[0].value, "b");
  EXPECT_EQ((*all)[1].top_values[0].count, 2'000);
  EXPECT_EQ((*all)[2].null_fraction, 1.0);
}

}  // namespace
}  // namespace bridge
