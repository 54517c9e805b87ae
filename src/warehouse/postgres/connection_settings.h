#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "warehouse/warehouse.h"

namespace bridge::postgres {

// Where a server is, and how to sign in.
struct ConnectionSettings {
  std::string host;
  std::uint16_t port = 5432;
  std::string database;
  std::string user;
  Secret password;
  std::string ssl_mode;
  // PEM text; empty: none.
  Secret ca_certificate;
  Secret client_certificate;
  Secret client_key;
  // Where the server may be, and who says that it is there.
  AllowedNetworks networks;
  NamedBy named_by = NamedBy::team;
};

std::vector<CredentialField> credential_fields();

// invalid_argument with a violation for each field that will not do: reason "connection_not_allowed" for what is no plain host, such as a
// socket's folder or connection options.
Result<ConnectionSettings> check_settings(const std::map<std::string, Secret>& credentials);

}  // namespace bridge::postgres
