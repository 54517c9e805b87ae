#include "warehouse/postgres/postgres_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/text.h"

namespace bridge::postgres {

namespace {

const std::filesystem::path programs = "/usr/lib/postgresql/15/bin";
constexpr const char* system_user = "postgres";  // root may not run a server

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

std::string quoted(const std::string& text) { return str("'", replace_all(text, "'", "'\\''"), "'"); }

const char* const contract_sql =
    "CREATE TABLE sales (id integer, day date, sold_at timestamp, region text, amount double precision, price numeric(18,2), is_new "
    "boolean, "
    "note text);"
    "INSERT INTO sales SELECT n, DATE '2024-01-01' + n % 100, (DATE '2024-01-01' + n % 100) + TIME '12:30', "
    "(ARRAY['north','south','east','west'])[n % 4 + 1], n / 2.0, n + 0.25, n % 2 = 0, CASE WHEN n % 10 <> 0 THEN 'note ' || n END "
    "FROM generate_series(0, 999) AS n;"
    "ANALYZE sales;";

}  // namespace

TestServer::TestServer() {
  EXPECT_TRUE(std::filesystem::exists(programs / "initdb")) << "the package postgresql-15 is missing: ./dev test installs it";
  if (::geteuid() == 0) {
    if (const passwd* user = ::getpwnam(system_user)) {
      EXPECT_EQ(::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid), 0);
    }
  }
  EXPECT_EQ(run_program("initdb", str("-D ", quoted(folder_ / "data"), " -U postgres -A scram-sha-256 --pwfile=",
                                      quoted(folder_ / "password"), " --no-sync -E UTF8 --locale=C.UTF-8")),
            0)
      << "initdb failed: see " << folder_.path();
  port_ = free_port();
  start();
  run(str("CREATE ROLE reader LOGIN PASSWORD '", replace_all(reader_password, "'", "''"), "'; GRANT pg_read_all_data TO reader;"));
}

TestServer::~TestServer() { stop("immediate"); }

int TestServer::run_program(const std::string& program, const std::string& arguments) const {
  if (!std::filesystem::exists(folder_ / "password")) {
    std::ofstream(folder_ / "password") << "super";
    std::filesystem::permissions(folder_ / "password", static_cast<std::filesystem::perms>(0644));
  }
  const std::string as_user = ::geteuid() == 0 ? str("setpriv --reuid=", system_user, " --regid=", system_user, " --clear-groups ") : "";
  const std::string command =
      str("cd / && ", as_user, (programs / program).string(), " ", arguments, " >", quoted(folder_ / "log"), " 2>&1 </dev/null");
  return std::system(command.c_str());
}

void TestServer::start() {
  // A server whose folder is gone ends by itself, also where the test was killed.
  const std::string options =
      str("-p ", port_, " -k ", folder_.path().string(),
          " -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=40 -c autovacuum=off "
          "-c shared_buffers=16MB -c lc_messages=C");
  EXPECT_EQ(run_program("pg_ctl", str("-D ", quoted(folder_ / "data"), " -l ", quoted(folder_ / "data/server.log"), " -w -t 60 -o ",
                                      quoted(options), " start")),
            0)
      << "the server did not start: see " << folder_.path();
}

void TestServer::stop(const std::string& mode) {
  run_program("pg_ctl", str("-D ", quoted(folder_ / "data"), " -m ", mode, " -w -t 60 stop"));
}

std::string TestServer::offer_tls(int days) {
  const std::string folder = quoted((folder_ / "tls").string());
  const std::string make_key = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ";
  const std::string commands = str("set -e; rm -rf ", folder, "; mkdir ", folder, "; cd ", folder, "; ", make_key,
                                   "-x509 -keyout ca.key -out ca.pem -subj /CN=authority -days 2; ", make_key,
                                   "-keyout server.key -out server.csr -subj /CN=localhost; printf subjectAltName=DNS:localhost >names; ",
                                   "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days ", days,
                                   " -extfile names -out server.pem; chmod 600 server.key");
  EXPECT_EQ(std::system(str("(", commands, ") >", quoted((folder_ / "tls.log").string()), " 2>&1").c_str()), 0) << "see " << folder_.path();
  if (const passwd* user = ::getpwnam(system_user); user && ::geteuid() == 0) {
    EXPECT_EQ(::chown((folder_ / "tls").c_str(), user->pw_uid, user->pw_gid), 0);
    EXPECT_EQ(::chown((folder_ / "tls/server.key").c_str(), user->pw_uid, user->pw_gid), 0);
  }
  for (const auto& [setting, value] :
       {std::pair("ssl_cert_file", (folder_ / "tls/server.pem").string()), std::pair("ssl_key_file", (folder_ / "tls/server.key").string()),
        std::pair("ssl", std::string("on"))})
    run(str("ALTER SYSTEM SET ", setting, " = '", value, "'"));
  stop("fast");
  start();
  std::ifstream file(folder_ / "tls/ca.pem");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string TestServer::ask(const std::string& sql, const std::string& database) const {
  const std::string where = str("host=127.0.0.1 port=", port_, " user=postgres password=super dbname=", database);
  PGconn* connection = PQconnectdb(where.c_str());
  PGresult* result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  EXPECT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) << PQerrorMessage(connection);
  std::string out;
  for (int row = 0; row < PQntuples(result); ++row) {
    for (int column = 0; column < PQnfields(result); ++column) out += str(column > 0 ? "|" : "", PQgetvalue(result, row, column));
    out += '\n';
  }
  PQclear(result);
  PQfinish(connection);
  return out;
}

void TestServer::run(const std::string& sql, const std::string& database) const { ask(sql, database); }

std::map<std::string, Secret> TestServer::credentials(const std::string& database, const std::string& user) const {
  return {{"host", Secret("127.0.0.1")}, {"port", Secret(str(port_))},          {"database", Secret(database)},
          {"user", Secret(user)},        {"password", Secret(reader_password)}, {"ssl_mode", Secret("disable")}};
}

std::shared_ptr<WarehouseDriver> driver_of_this_machine() {
  return make_postgres_driver({.networks = *AllowedNetworks::parse("127.0.0.0/8")});
}

TestServer& shared_server() {
  static TestServer server;
  static const bool is_filled = [] {
    server.run(contract_sql);
    return true;
  }();
  EXPECT_TRUE(is_filled);
  return server;
}

}  // namespace bridge::postgres
