#include "warehouse/postgres/connection_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>

#include "base/guarded.h"
#include "base/text.h"

namespace bridge::postgres {

namespace {

constexpr std::size_t url_bytes_max = 8'192;

std::unexpected<Error> refused(std::string message, std::string reason) {
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = message,
                    .reason = reason,
                    .violations = {{.path = "credentials.url", .code = reason, .message = message}}});
}

// An option's place among the fields.
struct KnownOption {
  std::string_view option;
  std::string_view field;  // empty: what it says has no bearing on what is read, and Bridge sets its own
};
constexpr auto known_options = std::to_array<KnownOption>({
    {"host", "host"},
    {"port", "port"},
    {"dbname", "database"},
    {"user", "user"},
    {"password", "password"},
    {"sslmode", "ssl_mode"},
    {"application_name", ""},
    {"fallback_application_name", ""},
    {"connect_timeout", ""},
    {"keepalives", ""},
    {"keepalives_idle", ""},
    {"keepalives_interval", ""},
    {"keepalives_count", ""},
    {"client_encoding", ""},
});

constexpr std::array<std::string_view, 3> files = {"sslrootcert", "sslcert", "sslkey"};

std::string mend_of(std::string_view option) {
  if (std::ranges::find(files, option) != files.end())
    return "names a file: give the certificates as text, in ca_certificate, client_certificate and client_key";
  return "is no field of a connection: leave it out";
}

}  // namespace

Result<std::map<std::string, Secret>> fields_of_url(const Secret& url) {
  const std::string text(trim(url.reveal()));
  if (text.size() > url_bytes_max || text.contains('\0')) return refused("The connection's address is too long, or no text", "url_invalid");
  char* problem = nullptr;
  // It reads neither the environment nor a file.
  PQconninfoOption* options = PQconninfoParse(text.c_str(), &problem);
  const AtEnd free_all([&] {
    PQconninfoFree(options);
    PQfreemem(problem);
  });
  // libpq's own text may quote the password.
  if (!options)
    return refused(
        "The address cannot be read: it is postgresql://user:password@host:5432/database, with %40 for an @, %2F for a / and %25 for a % "
        "in "
        "the password",
        "url_invalid");
  std::map<std::string, Secret> fields;
  for (const PQconninfoOption* option = options; option->keyword; ++option) {
    if (!option->val || *option->val == '\0') continue;
    const auto known = std::ranges::find(known_options, std::string_view(option->keyword), &KnownOption::option);
    if (known == known_options.end())
      return refused(str("'", option->keyword, "' in the address ", mend_of(option->keyword)), "connection_not_allowed");
    if (!known->field.empty()) fields.emplace(known->field, Secret(option->val));
  }
  return fields;
}

}  // namespace bridge::postgres
