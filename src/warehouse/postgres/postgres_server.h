#pragma once

#include <map>
#include <string>

#include "base/secret.h"
#include "warehouse/postgres/postgres_driver.h"
#include "warehouse/testing/test_folder.h"

namespace bridge::postgres {

// A PostgreSQL of Debian with data of its own, on a free port of this machine, for as long as it lives. For tests.
class TestServer final {
 public:
  TestServer();
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // Runs statements as a superuser.
  void run(const std::string& sql, const std::string& database = "postgres") const;
  // The cells of one answer, "1|a\n2|b\n".
  std::string ask(const std::string& sql, const std::string& database = "postgres") const;

  // Of a role that may read every table of the database, or of another.
  std::map<std::string, Secret> credentials(const std::string& database = "postgres", const std::string& user = "reader") const;
  int port() const { return port_; }
  std::filesystem::path folder() const { return folder_.path(); }

  // Offers TLS from now on, with a certificate for the host "localhost" that ends after so many days. Returns that of its authority.
  std::string offer_tls(int days);

  // As `pg_ctl` does; stop: "fast", "immediate".
  void stop(const std::string& mode);
  void start();

 private:
  int run_program(const std::string& program, const std::string& arguments) const;

  TestFolder folder_;
  int port_ = 0;
};

// One for all tests of the program, stopped at its end. Its database "postgres" has the contract's table, analysed.
TestServer& shared_server();

// The driver, which may connect to this machine.
std::shared_ptr<WarehouseDriver> driver_of_this_machine();

inline const std::string reader_password = "p'a s\\w:ö@/?#%";

}  // namespace bridge::postgres
