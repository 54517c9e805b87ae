#include "warehouse/postgres/connect_error.h"

#include <algorithm>

#include "base/text.h"

namespace bridge::postgres {

namespace {

std::string_view title_of(ConnectionStep step) {
  switch (step) {
    case ConnectionStep::resolve: return "Resolve";
    case ConnectionStep::tls: return "TLS";
    case ConnectionStep::sign_in: return "Sign in";
    case ConnectionStep::rights: return "Rights";
    default: return "Connect";
  }
}

// What libpq says, or the server through it, and what that means. libpq 15 gives no code for what fails before somebody has signed in, so
// that its English texts decide; the server's own come in its language, with a code that decides where there is one.
struct KnownFailure {
  std::string_view sql_state;             // empty: none
  std::array<std::string_view, 2> texts;  // all of which it has; empty: none
  ConnectionStep step;
  ErrorCode code;
  std::string_view reason;
  std::string_view problem;  // "{host}", "{user}" and "{database}" are put in
  std::string_view field;
  std::string_view mend;
};

using enum ConnectionStep;
constexpr ErrorCode refused = ErrorCode::failed_precondition;
constexpr ErrorCode down = ErrorCode::unavailable;

// The first that fits.
constexpr KnownFailure known_failures[] = {
    {"28P01",
     {"password authentication failed"},
     sign_in,
     refused,
     "sign_in_failed",
     "the user '{user}' or the password is wrong at {host}",
     "password",
     "give the role's password anew"},
    {"3D000",
     {"database \"", "does not exist"},
     sign_in,
     refused,
     "database_not_found",
     "there is no database '{database}' at {host}",
     "database",
     "check its name"},
    {"",
     {"role \"", "does not exist"},
     sign_in,
     refused,
     "sign_in_failed",
     "there is no role '{user}' at {host}",
     "user",
     "check its name"},
    {"",
     {"is not permitted to log in"},
     sign_in,
     refused,
     "sign_in_failed",
     "the role '{user}' may not sign in",
     "user",
     "ALTER ROLE … LOGIN"},
    {"42501",
     {"permission denied for database"},
     rights,
     refused,
     "warehouse_rights",
     "the role '{user}' may not connect to '{database}'",
     "user",
     "GRANT CONNECT ON DATABASE … TO …"},
    {"",
     {"pg_hba.conf", "no encryption"},
     tls,
     refused,
     "tls_required",
     "{host} takes no connection without TLS from here, or none of this user",
     "ssl_mode",
     "choose ssl_mode require or verify-full"},
    {"",
     {"pg_hba.conf"},
     sign_in,
     refused,
     "sign_in_refused",
     "{host} takes no connection of this user to this database from here",
     "user",
     "its pg_hba.conf has to allow it"},
    {"",
     {"server does not support SSL"},
     tls,
     refused,
     "tls_refused",
     "{host} offers none",
     "ssl_mode",
     "switch it on there, or choose ssl_mode disable if the way to it is safe"},
    {"",
     {"certificate has expired"},
     tls,
     refused,
     "certificate_expired",
     "the certificate of {host} has expired",
     "ssl_mode",
     "it has to be renewed there"},
    {"",
     {"does not match host name"},
     tls,
     refused,
     "certificate_name",
     "the certificate of {host} is of another name",
     "host",
     "give the host that it names, or choose ssl_mode verify-ca"},
    {"",
     {"certificate verify failed"},
     tls,
     refused,
     "certificate_unknown",
     "the certificate of {host} is not signed by the authority of ca_certificate, or is out of date",
     "ca_certificate",
     "give that authority's certificate, or have the server's renewed"},
    {"",
     {"alert", "certificate required"},
     tls,
     refused,
     "client_certificate_refused",
     "{host} asks for a client certificate",
     "client_certificate",
     "give client_certificate and client_key"},
    {"",
     {"requires a valid client certificate"},
     tls,
     refused,
     "client_certificate_refused",
     "{host} asks for a client certificate",
     "client_certificate",
     "give client_certificate and client_key"},
    {"",
     {"alert", "unknown ca"},
     tls,
     refused,
     "client_certificate_refused",
     "{host} does not know the client's certificate",
     "client_certificate",
     "give one that it has signed"},
    {"",
     {"alert", "bad certificate"},
     tls,
     refused,
     "client_certificate_refused",
     "{host} does not take the client's certificate",
     "client_certificate",
     "give one that it has signed"},
    {"",
     {"certificate authentication failed"},
     sign_in,
     refused,
     "sign_in_failed",
     "the client's certificate is not of the user '{user}'",
     "user",
     "give the user that it names"},
    {"",
     {"could not load"},
     tls,
     refused,
     "certificate_unreadable",
     "a certificate or key of the connection cannot be read",
     "client_certificate",
     "give it as PEM text, the key without a password"},
    {"",
     {"could not read"},
     tls,
     refused,
     "certificate_unreadable",
     "a certificate or key of the connection cannot be read",
     "client_certificate",
     "give it as PEM text, the key without a password"},
    {"",
     {"private key"},
     tls,
     refused,
     "certificate_unreadable",
     "the client's key cannot be read, or is another certificate's",
     "client_key",
     "give it as PEM text, without a password"},
    {"53300",
     {"too many clients"},
     sign_in,
     down,
     "too_many_connections",
     "{host} has no connection left for '{user}'",
     "",
     "ask again later, or raise its limit"},
    {"",
     {"too many connections"},
     sign_in,
     down,
     "too_many_connections",
     "{host} has no connection left for '{user}'",
     "",
     "ask again later, or raise its limit"},
    {"",
     {"remaining connection slots"},
     sign_in,
     down,
     "too_many_connections",
     "{host} has no connection left for '{user}'",
     "",
     "ask again later, or raise its limit"},
    {"57P03", {"starting up"}, sign_in, down, "warehouse_starting", "{host} is just starting or stopping", "", "ask again"},
    {"", {"shutting down"}, sign_in, down, "warehouse_starting", "{host} is just starting or stopping", "", "ask again"},
    {"", {"in recovery mode"}, sign_in, down, "warehouse_starting", "{host} is just starting or stopping", "", "ask again"},
    {"",
     {"Connection refused"},
     connect,
     down,
     "connection_refused",
     "nothing listens at {host}",
     "host",
     "check host and port, and that PostgreSQL takes connections from other machines"},
    {"",
     {"No route to host"},
     connect,
     down,
     "host_unreachable",
     "there is no way to {host} from here",
     "host",
     "check the host, and the network"},
    {"",
     {"Network is unreachable"},
     connect,
     down,
     "host_unreachable",
     "there is no way to {host} from here",
     "host",
     "check the host, and the network"},
    {"",
     {"expected authentication request"},
     connect,
     refused,
     "not_postgres",
     "what answers at {host} is no PostgreSQL",
     "port",
     "check host and port"},
    {"", {"invalid response"}, connect, refused, "not_postgres", "what answers at {host} is no PostgreSQL", "port", "check host and port"},
    {"",
     {"authentication"},
     sign_in,
     refused,
     "sign_in_refused",
     "{host} and Bridge have no way to sign in in common",
     "user",
     "let it ask for a password by SCRAM or MD5"},
};

bool fits(const KnownFailure& known, std::string_view text, std::string_view sql_state) {
  if (!known.sql_state.empty() && known.sql_state == sql_state) return true;
  return std::ranges::all_of(known.texts, [&](std::string_view part) { return text.contains(part); });
}

std::string filled_in(std::string_view text, const ConnectionSettings& settings) {
  std::string out = replace_all(std::string(text), "{host}", str(settings.host, ":", settings.port));
  out = replace_all(std::move(out), "{database}", settings.database);
  return replace_all(std::move(out), "{user}", settings.user);
}

}  // namespace

ConnectFailure connect_failure(ConnectionStep step, ErrorCode code, std::string_view reason, std::string_view problem,
                               std::string_view field, std::string_view mend, std::string_view detail) {
  Error error{.code = code,
              .message = str(title_of(step), ": ", problem, mend.empty() ? "" : ": ", mend),
              .detail = to_valid_utf8(std::string(detail)),
              .reason = std::string(reason)};
  if (!mend.empty()) {
    error.violations.push_back(
        {.path = field.empty() ? "credentials" : str("credentials.", field), .code = error.reason, .message = std::string(mend)});
  }
  return {.step = step, .error = std::move(error)};
}

ConnectFailure connect_failure(std::string_view text, std::string_view sql_state, ConnectionStep under_way,
                               const ConnectionSettings& settings) {
  const auto known = std::ranges::find_if(known_failures, [&](const KnownFailure& each) { return fits(each, text, sql_state); });
  if (known != std::end(known_failures)) {
    return connect_failure(known->step, known->code, known->reason, filled_in(known->problem, settings), known->field, known->mend, text);
  }
  return connect_failure(under_way, down, "connection_failed", filled_in("{host} could not be reached, or closed the connection", settings),
                         "host", "check host and port, and look into the server's log", text);
}

}  // namespace bridge::postgres
