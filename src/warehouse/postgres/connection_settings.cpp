#include "warehouse/postgres/connection_settings.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace bridge::postgres {

namespace {

constexpr std::size_t host_bytes_max = 255;
constexpr std::size_t name_bytes_max = 63 * 4;  // of a database or a user: the server cuts them at 63 bytes unless it was built otherwise
constexpr std::size_t password_bytes_max = 4'096;
constexpr std::size_t certificate_bytes_max = 256 << 10;

std::string text_of(const std::map<std::string, Secret>& credentials, const std::string& field) {
  const auto found = credentials.find(field);
  return found == credentials.end() ? std::string() : found->second.reveal();
}
Secret secret_of(const std::map<std::string, Secret>& credentials, const std::string& field) {
  const auto found = credentials.find(field);
  return found == credentials.end() ? Secret() : found->second;
}

// A name or an address, and nothing that libpq reads as a folder, a list, a URL or an option.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() <= host_bytes_max && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == ':';
  }) && host.front() != '-';
}

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::unexpected<Error> refused(std::string_view field, std::string message, std::string reason) {
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = message,
                    .reason = reason,
                    .violations = {{.path = str("credentials.", field), .code = reason, .message = message}}});
}

Result<> check_pem(const Secret& pem, const std::string& field, std::string_view what) {
  if (pem.empty()) return {};
  if (pem.reveal().size() > certificate_bytes_max)
    return refused(field, str(what, " is longer than ", format_bytes(certificate_bytes_max)), "credential_too_long");
  if (pem.reveal().contains("-----BEGIN ") && !pem.reveal().contains('\0')) return {};
  return refused(field, str(what, " is given as text in PEM form, which begins with -----BEGIN: not as a path"), "not_a_certificate");
}

}  // namespace

std::vector<CredentialField> credential_fields() {
  return {
      {.name = "url",
       .about = "Instead of the fields that it says: postgresql://user:password@host:5432/database",
       .secret = true,
       .required = false,
       .says_others = true},
      {.name = "host", .about = "The server's name or address, without a port", .where_it_is = true},
      {.name = "port",
       .about = "The server's port",
       .type = FieldType::number,
       .required = false,
       .default_value = "5432",
       .minimum = 1,
       .maximum = 65'535,
       .where_it_is = true},
      {.name = "database", .about = "The database's name", .where_it_is = true},
      {.name = "user", .about = "A role that may only read, such as one with pg_read_all_data", .where_it_is = true},
      {.name = "password", .about = "The role's password", .secret = true},
      {.name = "ssl_mode",
       .about = "How the way to the server is protected: verify-full proves that it is the server, require only encrypts",
       .type = FieldType::choice,
       .required = false,
       .default_value = "require",
       .choices = {"disable", "prefer", "require", "verify-ca", "verify-full"},
       .where_it_is = true},
      {.name = "ca_certificate",
       .about = "The certificate of the authority that the server's is signed by (PEM), for verify-ca and verify-full",
       .type = FieldType::file,
       .required = false,
       .where_it_is = true},
      {.name = "client_certificate",
       .about = "Bridge's own certificate (PEM), where the server asks for one",
       .type = FieldType::file,
       .required = false},
      {.name = "client_key", .about = "The key of that certificate (PEM)", .type = FieldType::file, .secret = true, .required = false},
  };
}

Result<ConnectionSettings> check_settings(const std::map<std::string, Secret>& credentials) {
  for (const auto& [name, value] : credentials) {
    if (std::ranges::any_of(credential_fields(), [&](const CredentialField& field) { return field.name == name; })) continue;
    return refused(name, str("A PostgreSQL connection has no field '", name.substr(0, 100), "'"), "connection_not_allowed");
  }
  ConnectionSettings settings{.host = text_of(credentials, "host"),
                              .database = text_of(credentials, "database"),
                              .user = text_of(credentials, "user"),
                              .password = secret_of(credentials, "password"),
                              .ssl_mode = text_of(credentials, "ssl_mode"),
                              .ca_certificate = secret_of(credentials, "ca_certificate"),
                              .client_certificate = secret_of(credentials, "client_certificate"),
                              .client_key = secret_of(credentials, "client_key")};
  if (!is_plain_host(settings.host))
    return refused("host", "The host is one name or address: letters, digits, dots, hyphens and colons, no folder, list, URL or option",
                   "connection_not_allowed");
  if (const std::string port = text_of(credentials, "port"); !port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), settings.port);
    if (error != std::errc() || end != port.data() + port.size() || settings.port == 0)
      return refused("port", "The port is a number from 1 to 65535", "connection_not_allowed");
  }
  for (const auto& [field, value] : {std::pair("database", settings.database), std::pair("user", settings.user)}) {
    if (value.empty()) return refused(field, str("The ", field, " is missing"), "credential_missing");
    if (value.size() > name_bytes_max || has_control_bytes(value))
      return refused(field, str("The ", field, " is no name that PostgreSQL has"), "connection_not_allowed");
  }
  // Without one, libpq would look for it in files of the server's machine.
  const std::string& password = settings.password.reveal();
  if (password.empty()) return refused("password", "The password is missing", "credential_missing");
  if (password.size() > password_bytes_max || password.contains('\0'))
    return refused("password", "The password is too long, or has a character with the code 0", "connection_not_allowed");
  if (settings.ssl_mode.empty()) settings.ssl_mode = "require";
  const auto fields = credential_fields();
  const auto mode = std::ranges::find(fields, "ssl_mode", &CredentialField::name);
  if (std::ranges::find(mode->choices, settings.ssl_mode) == mode->choices.end())
    return refused("ssl_mode", str("The ssl_mode is one of: ", join(mode->choices, ", ")), "connection_not_allowed");
  TRY(check_pem(settings.ca_certificate, "ca_certificate", "The authority's certificate"));
  TRY(check_pem(settings.client_certificate, "client_certificate", "The client's certificate"));
  TRY(check_pem(settings.client_key, "client_key", "The client's key"));
  if (settings.ssl_mode.starts_with("verify") && settings.ca_certificate.empty())
    return refused(
        "ca_certificate",
        str("ssl_mode ", settings.ssl_mode, " needs the certificate of the authority that signed the server's: give ca_certificate"),
        "credential_missing");
  if (settings.client_certificate.empty() != settings.client_key.empty())
    return refused(settings.client_key.empty() ? "client_key" : "client_certificate",
                   "A client's certificate and its key are given together", "credential_missing");
  return settings;
}

}  // namespace bridge::postgres
