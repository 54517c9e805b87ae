#include "warehouse/postgres/session.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "platform/network/resolve.h"
#include "warehouse/postgres/connect_error.h"
#include "warehouse/postgres/limits.h"

namespace bridge::postgres {

namespace {

constexpr const char* statement_name = "bridge";

constexpr TypeId bool_type = 16;
constexpr TypeId int8_type = 20;
constexpr TypeId text_type = 25;
constexpr TypeId float8_type = 701;
constexpr TypeId date_type = 1082;
constexpr TypeId timestamptz_type = 1184;
constexpr TypeId numeric_type = 1700;

// How values are read and written, whatever the server, the database or the role has set; and nothing is written.
constexpr std::string_view session_settings =
    "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
    "SET extra_float_digits = 1; SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET transform_null_equals = off; "
    "SET client_min_messages = error; SET client_encoding = 'UTF8'";

// A text as a file that lies in memory alone, as long as it lives.
class MemoryFile final {
 public:
  static Result<std::unique_ptr<MemoryFile>> make(const std::string& content) {
    auto file = std::unique_ptr<MemoryFile>(new MemoryFile(::memfd_create("bridge", MFD_CLOEXEC)));
    std::size_t written = 0;
    // libpq wants a key that nobody else may read.
    bool is_good = file->descriptor_ >= 0 && ::fchmod(file->descriptor_, 0600) == 0;
    while (is_good && written < content.size()) {
      const ssize_t count = ::write(file->descriptor_, content.data() + written, content.size() - written);
      if (count <= 0) is_good = false;
      else written += static_cast<std::size_t>(count);
    }
    if (!is_good) return fail(ErrorCode::unavailable, "out_of_memory", "There is no memory for the connection's certificates");
    return file;
  }
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return str("/proc/self/fd/", descriptor_); }

 private:
  explicit MemoryFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

std::unexpected<Error> failed(const Opening& opening, ConnectFailure failure) {
  opening.tell(failure.step);
  return fail(std::move(failure.error));
}

// The addresses of the server, all of which Bridge may connect to. What a name leads to is not told: it may be one of a network of others.
Result<std::vector<std::string>> allowed_addresses(const CallContext& context, const ConnectionSettings& settings, const Opening& opening) {
  auto addresses = resolve_host(context.with_timeout(connect_time_max), settings.host);
  if (!addresses) {
    TRY(context.check());
    const Error& error = addresses.error();
    const bool is_unknown = error.reason == "host_not_found";
    return failed(opening, connect_failure(ConnectionStep::resolve, is_unknown ? error.code : ErrorCode::unavailable,
                                           is_unknown ? error.reason : "resolve_timeout",
                                           is_unknown ? str("there is no host '", settings.host, "'")
                                                      : str("the address of '", settings.host, "' was not found in time"),
                                           "host", "check its name", error.detail));
  }
  if (const auto checked = settings.networks.check_all(*addresses, settings.named_by); !checked) {
    return failed(opening, connect_failure(ConnectionStep::resolve, ErrorCode::permission_denied, checked.error().reason,
                                           str("'", settings.host, "' is not to be reached from here"), "host", checked.error().message));
  }
  return addresses;
}

// What libpq is doing.
ConnectionStep step_of(ConnStatusType status) {
  switch (status) {
    case CONNECTION_STARTED:
    case CONNECTION_MADE:
    case CONNECTION_NEEDED: return ConnectionStep::connect;
    case CONNECTION_SSL_STARTUP: return ConnectionStep::tls;
    default: return ConnectionStep::sign_in;
  }
}

// Waits until the socket is ready, in slices, so that a call that is no longer wanted is noticed. False: not ready in this slice.
bool wait_a_slice(int socket, short events) {
  pollfd entry{.fd = socket, .events = events, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(check_interval.count())) > 0;
}

TypeId type_id_of(const SqlValue& value) {
  return std::visit(
      [](const auto& typed) -> TypeId {
        using T = std::decay_t<decltype(typed)>;
        if constexpr (std::is_same_v<T, bool>) return bool_type;
        else if constexpr (std::is_same_v<T, std::int64_t>) return int8_type;
        else if constexpr (std::is_same_v<T, double>) return float8_type;
        else if constexpr (std::is_same_v<T, Date>) return date_type;
        else if constexpr (std::is_same_v<T, Timestamp>) return timestamptz_type;
        else if constexpr (std::is_same_v<T, Decimal>) return numeric_type;
        else return 0;
      },
      value);
}

std::string text_of(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return str(value);
}

std::optional<std::string> text_of(const SqlValue& value) {
  return std::visit(
      [](const auto& typed) -> std::optional<std::string> {
        using T = std::decay_t<decltype(typed)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) return std::nullopt;
        else if constexpr (std::is_same_v<T, bool>) return typed ? "true" : "false";
        else if constexpr (std::is_same_v<T, std::int64_t>) return str(typed);
        else if constexpr (std::is_same_v<T, double>) return text_of(typed);
        else if constexpr (std::is_same_v<T, std::string>) return typed;
        else if constexpr (std::is_same_v<T, Timestamp>) return format_time(*parse_time(typed.text));  // checked
        else return typed.text;
      },
      value);
}

// Values as libpq takes them.
struct SentValues {
  explicit SentValues(std::span<const SqlValue> values) {
    for (const SqlValue& value : values) texts.push_back(text_of(value));
    for (const auto& text : texts) pointers.push_back(text ? text->c_str() : nullptr);
  }
  int count() const { return static_cast<int>(pointers.size()); }
  std::vector<std::optional<std::string>> texts;
  std::vector<const char*> pointers;
};

bool is_row(ExecStatusType status) { return status == PGRES_SINGLE_TUPLE; }
bool is_good(ExecStatusType status) {
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE || status == PGRES_EMPTY_QUERY;
}

std::atomic<int> cancels_under_way = 0;

}  // namespace

void forget_environment() {
  PQconninfoOption* options = PQconndefaults();
  const AtEnd free_all([&] { PQconninfoFree(options); });
  for (const PQconninfoOption* option = options; option && option->keyword; ++option) {
    if (option->envvar) ::unsetenv(option->envvar);
  }
  for (const char* name : {"PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGDATESTYLE", "PGTZ", "PGGEQO"}) ::unsetenv(name);
}

Result<> check_values(std::span<const SqlValue> values) {
  const auto bad = [](std::string message) { return fail(ErrorCode::invalid_argument, "value_invalid", std::move(message)); };
  if (values.size() > values_max) return bad(str("A query takes at most ", values_max, " values"));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (const auto* date = std::get_if<Date>(&values[i]); date && (date->text.size() != 10 || !parse_time(date->text)))
      return bad(str("The value ", i + 1, " is no date such as 2001-01-31"));
    if (const auto* moment = std::get_if<Timestamp>(&values[i]); moment && !parse_time(moment->text))
      return bad(str("The value ", i + 1, " is no moment such as 2001-01-31T10:00:00Z"));
    if (const auto* number = std::get_if<Decimal>(&values[i]);
        number && (number->text.empty() || number->text.find_first_not_of("+-.0123456789") != std::string::npos))
      return bad(str("The value ", i + 1, " is no number"));
    if (const auto* text = std::get_if<std::string>(&values[i]); text && (text->contains('\0') || !is_valid_utf8(*text)))
      return bad(str("The value ", i + 1, " is no text that PostgreSQL can hold: it has the character with the code 0, or is not UTF-8"));
  }
  return {};
}

bool RowView::is_null(std::size_t column) const { return PQgetisnull(result_, 0, static_cast<int>(column)) != 0; }
std::string_view RowView::value(std::size_t column) const {
  const int at = static_cast<int>(column);
  return {PQgetvalue(result_, 0, at), static_cast<std::size_t>(PQgetlength(result_, 0, at))};
}
std::size_t RowView::column_count() const { return static_cast<std::size_t>(PQnfields(result_)); }

void Session::Closer::operator()(pg_conn* connection) const { PQfinish(connection); }
void Session::ResultClearer::operator()(pg_result* result) const { PQclear(result); }

Session::Session(pg_conn* connection) : connection_(connection), connected_at_(std::chrono::steady_clock::now()) {}
Session::~Session() = default;

// ---- connecting ----------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Session>> Session::connect(const CallContext& context, const ConnectionSettings& settings, const Opening& opening) {
  TRY(context.check());
  ConnectionStep step = ConnectionStep::resolve;
  opening.tell(step);
  const std::vector<std::string> addresses = TRY(allowed_addresses(context, settings, opening));
  std::vector<std::unique_ptr<MemoryFile>> files;
  const auto file_of = [&](const Secret& pem) -> Result<std::string> {
    if (pem.empty()) return std::string();
    files.push_back(TRY(MemoryFile::make(pem.reveal())));
    return files.back()->path();
  };
  // The address that was resolved is the one that is used; the name is for the certificate.
  const std::vector<std::string> names(addresses.size(), settings.host);
  const std::vector<std::string> ports(addresses.size(), str(settings.port));
  // Files that are not there, so that none is taken from the folder of the system's user that Bridge runs as.
  const std::string none = "/dev/null";
  const std::string no_file = "/dev/null/none";
  const std::string ca = TRY(file_of(settings.ca_certificate));
  const std::string certificate = TRY(file_of(settings.client_certificate));
  const std::string key = TRY(file_of(settings.client_key));
  std::vector<std::pair<const char*, std::string>> options{
      {"host", join(names, ",")},
      {"hostaddr", join(addresses, ",")},
      {"port", join(ports, ",")},
      {"dbname", settings.database},
      {"user", settings.user},
      {"password", settings.password.reveal()},
      {"passfile", none},
      {"sslmode", settings.ssl_mode},
      {"gssencmode", "disable"},
      {"client_encoding", "UTF8"},
      {"application_name", "bridge"},
      {"target_session_attrs", "any"},
      {"connect_timeout", str(connect_time_max.count() / 1'000)},
      {"keepalives", "1"},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "3"},
      {"sslcrl", none},
  };
  options.emplace_back("sslrootcert", ca.empty() ? no_file : ca);
  options.emplace_back("sslcert", certificate.empty() ? no_file : certificate);
  options.emplace_back("sslkey", key.empty() ? no_file : key);
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : options) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);

  std::unique_ptr<Session> session(new Session(PQconnectStartParams(keywords.data(), values.data(), 0)));
  for (auto& [keyword, value] : options) std::ranges::fill(value, '\0');
  pg_conn* connection = session->connection_.get();
  if (!connection) return fail(out_of_memory());
  const auto refused = [&] { return failed(opening, connect_failure(PQerrorMessage(connection), "", step, settings)); };
  step = ConnectionStep::connect;
  opening.tell(step);
  if (PQstatus(connection) == CONNECTION_BAD) return refused();
  const CallContext limited = context.with_timeout(connect_time_max);
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    if (state == PGRES_POLLING_FAILED) return refused();
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    while (!wait_a_slice(PQsocket(connection), events)) {
      TRY(context.check());
      if (limited.check()) continue;
      return failed(opening, connect_failure(step, ErrorCode::unavailable, "connect_timeout",
                                             str(settings.host, ":", settings.port, " did not answer within ",
                                                 connect_time_max.count() / 1'000, " seconds"),
                                             "host", "check host and port, and that no firewall is between"));
    }
    state = PQconnectPoll(connection);
    if (const ConnectionStep now = step_of(PQstatus(connection)); state != PGRES_POLLING_FAILED && now > step) opening.tell(step = now);
  }
  if (PQsetnonblocking(connection, 1) != 0) return refused();
  TRY(session->make_clean(limited));
  return session;
}

Result<> Session::make_clean(const CallContext& context) {
  TRY(simple(context, "DISCARD ALL"));
  has_statement_ = false;
  return simple(context, std::string(session_settings));
}

bool Session::is_usable() const {
  pg_conn* connection = connection_.get();
  if (is_broken_ || PQstatus(connection) != CONNECTION_OK || PQtransactionStatus(connection) != PQTRANS_IDLE) return false;
  return PQconsumeInput(connection) == 1 && PQstatus(connection) == CONNECTION_OK;
}

int Session::server_version() const { return PQserverVersion(connection_.get()); }

// ---- waiting -------------------------------------------------------------------------------------------------------

ServerFailure Session::failure_of(const pg_result* answer) const {
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(answer, code);
    return std::string(text ? text : "");
  };
  ServerFailure failure{
      .sql_state = field(PG_DIAG_SQLSTATE), .message = field(PG_DIAG_MESSAGE_PRIMARY), .hint = field(PG_DIAG_MESSAGE_HINT)};
  const std::string position = field(PG_DIAG_STATEMENT_POSITION);
  std::from_chars(position.data(), position.data() + position.size(), failure.position);
  if (failure.message.empty()) failure.message = PQresultErrorMessage(answer);
  return failure;
}

ServerFailure Session::connection_failure() const { return {.message = PQerrorMessage(connection_.get())}; }

// On a thread of its own: libpq's request waits for a server that hangs, and cannot be stopped.
Session::CancelRequest Session::cancel() {
  PGcancel* request = PQgetCancel(connection_.get());
  if (!request) return nullptr;
  if (cancels_under_way.fetch_add(1) >= cancels_under_way_max) {
    --cancels_under_way;
    PQfreeCancel(request);
    return nullptr;
  }
  const auto is_sent = std::make_shared<std::atomic<bool>>(false);
  const auto send = [request, is_sent] {
    char ignored[256];
    PQcancel(request, ignored, sizeof ignored);
    PQfreeCancel(request);
    --cancels_under_way;
    is_sent->store(true);
  };
  const auto started = guarded([&] { std::thread(send).detach(); });
  if (started) return is_sent;
  PQfreeCancel(request);
  --cancels_under_way;
  return nullptr;
}

// A request that is still on its way would end the next statement of the session. libpq's call returns once the server has passed it on.
void Session::wait_for_cancel(const CancelRequest& request, std::chrono::steady_clock::time_point give_up_at) {
  while (request && !request->load()) {
    if (std::chrono::steady_clock::now() >= give_up_at) {
      is_broken_ = true;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Result<Session::Answer> Session::next_answer(const CallContext& context) {
  pg_conn* connection = connection_.get();
  bool is_cancelled = false;
  CancelRequest request;
  std::chrono::steady_clock::time_point give_up_at;
  for (;;) {
    const int flushed = PQflush(connection);
    if (flushed < 0 || PQstatus(connection) == CONNECTION_BAD) {
      is_broken_ = true;
      if (is_cancelled) TRY(context.check());
      return fail(query_error(connection_failure(), ""));
    }
    if (flushed == 0 && PQisBusy(connection) == 0) {
      Answer answer(PQgetResult(connection));
      if (!is_cancelled) return answer;
      if (!answer) break;
      continue;
    }
    const bool is_ready = wait_a_slice(PQsocket(connection), static_cast<short>(flushed == 1 ? POLLIN | POLLOUT : POLLIN));
    if (is_ready && PQconsumeInput(connection) == 0) {
      is_broken_ = true;
      if (is_cancelled) break;
      return fail(query_error(connection_failure(), ""));
    }
    const auto now = std::chrono::steady_clock::now();
    if (is_cancelled) {
      if (now < give_up_at) continue;
      is_broken_ = true;
      log_warning("postgres_cancel_not_seen", {{"waited_ms", str(cancel_wait_max.count())}});
      break;
    }
    if (context.check()) continue;
    is_cancelled = true;
    give_up_at = now + cancel_wait_max;
    request = cancel();
  }
  wait_for_cancel(request, give_up_at);
  TRY(context.check());
  return fail(ErrorCode::cancelled, "The query was cancelled");
}

Result<> Session::drain(const CallContext& context) {
  while (TRY(next_answer(context))) continue;
  return {};
}

Result<> Session::simple(const CallContext& context, const std::string& sql) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    is_broken_ = true;
    return fail(query_error(connection_failure(), ""));
  }
  std::optional<Error> error;
  while (const Answer answer = TRY(next_answer(context))) {
    if (!error && !is_good(PQresultStatus(answer.get()))) error = query_error(failure_of(answer.get()), sql);
  }
  if (error) return fail(std::move(*error));
  return {};
}

// ---- statements ----------------------------------------------------------------------------------------------------

Result<PreparedStatement> Session::prepare(const CallContext& context, const std::string& sql, std::span<const SqlValue> values,
                                           const KnownNames& names) {
  TRY(check_values(values));
  if (has_statement_) TRY(simple(context, str("DEALLOCATE ", statement_name)));
  has_statement_ = false;
  pg_conn* connection = connection_.get();
  std::vector<Oid> types;
  for (const SqlValue& value : values) types.push_back(type_id_of(value));
  // A text whose use does not tell its type ("$1 IS NULL") is text.
  constexpr std::array<std::string_view, 2> type_not_told = {"42P08", "42P18"};
  for (bool is_again = false;; is_again = true) {
    if (PQsendPrepare(connection, statement_name, sql.c_str(), static_cast<int>(types.size()), types.data()) == 0) {
      is_broken_ = true;
      return fail(query_error(connection_failure(), sql));
    }
    std::optional<ServerFailure> failure;
    while (const Answer answer = TRY(next_answer(context))) {
      if (!failure && !is_good(PQresultStatus(answer.get()))) failure = failure_of(answer.get());
    }
    has_statement_ = !failure;
    if (!failure) break;
    const bool has_untold = std::ranges::find(types, 0U) != types.end();
    if (is_again || std::ranges::find(type_not_told, failure->sql_state) == type_not_told.end() || !has_untold)
      return fail(query_error(*failure, sql, names));
    std::ranges::replace(types, 0U, text_type);
  }
  if (PQsendDescribePrepared(connection, statement_name) == 0) {
    is_broken_ = true;
    return fail(query_error(connection_failure(), sql));
  }
  PreparedStatement prepared;
  std::optional<ServerFailure> failure;
  while (const Answer answer = TRY(next_answer(context))) {
    const pg_result* result = answer.get();
    if (!is_good(PQresultStatus(result))) {
      if (!failure) failure = failure_of(result);
      continue;
    }
    for (int i = 0; i < PQnparams(result); ++i) prepared.parameters.push_back(PQparamtype(result, i));
    for (int i = 0; i < PQnfields(result); ++i)
      prepared.columns.push_back({.name = PQfname(result, i), .type = PQftype(result, i), .modifier = PQfmod(result, i)});
  }
  if (failure) return fail(query_error(*failure, sql, names));
  if (prepared.parameters.size() != values.size()) {
    return fail(ErrorCode::invalid_argument, "values_count",
                str("The query has ", prepared.parameters.size(), " placeholders and was given ", values.size(), " values"));
  }
  return prepared;
}

Result<std::unique_ptr<Session::Transaction>> Session::Transaction::begin(const CallContext& context, Session& session) {
  const auto time = context.time_left(statement_time_max) + statement_timeout_slack;
  // The first query locks the mode: SET TRANSACTION READ WRITE is an error from then on.
  const std::string sql = str("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ", time.count(),
                              "; SET LOCAL lock_timeout = ", lock_time_max.count(),
                              "; SET LOCAL idle_in_transaction_session_timeout = ", (time + idle_in_transaction_max).count(), "; SELECT 1");
  TRY(session.simple(context, sql));
  return std::unique_ptr<Transaction>(new Transaction(session));
}

Session::Transaction::~Transaction() {
  if (session_.is_broken_ || PQtransactionStatus(session_.connection_.get()) == PQTRANS_IDLE) return;
  // The call may be out of time; the snapshot is given back all the same.
  const CallContext end = CallContext{}.with_timeout(cancel_wait_max);
  const auto ended = guarded([&] { return session_.simple(end, "ROLLBACK"); });
  if (!ended) session_.give_up();
}

Result<bool> Session::run(const CallContext& context, std::span<const SqlValue> values, ValueFormat format, const TakeRow& take,
                          const std::string& sql) {
  pg_conn* connection = connection_.get();
  const SentValues sent(values);
  if (PQsendQueryPrepared(connection, statement_name, sent.count(), sent.pointers.data(), nullptr, nullptr, static_cast<int>(format)) ==
          0 ||
      PQsetSingleRowMode(connection) == 0) {
    is_broken_ = true;
    return fail(query_error(connection_failure(), sql));
  }
  std::optional<Error> error;
  bool is_stopped = false;
  // What stops the statement is a call that nobody wants any more: the rest of its rows is thrown away where it is cancelled.
  std::stop_source enough;
  CallContext rest;
  rest.stop = enough.get_token();
  enough.request_stop();
  for (;;) {
    if (is_stopped) {
      const auto ended = drain(rest);
      if (!ended && is_broken_ && ended.error().code != ErrorCode::cancelled)
        log_warning("postgres_connection_lost", {{"error", describe_error(ended.error())}});
      break;
    }
    const Answer answer = TRY(next_answer(context));
    if (!answer) break;
    const ExecStatusType status = PQresultStatus(answer.get());
    if (!is_good(status)) {
      if (!error) error = query_error(failure_of(answer.get()), sql);
      continue;
    }
    if (!is_row(status)) continue;
    const Result<bool> goes_on = take(RowView(answer.get()));
    if (goes_on && *goes_on) continue;
    if (!goes_on) error = goes_on.error();
    is_stopped = true;
  }
  if (error) return fail(std::move(*error));
  return !is_stopped;
}

Result<std::string> Session::explain(const CallContext& context, const std::string& sql, std::span<const SqlValue> values,
                                     const PreparedStatement& prepared) {
  constexpr std::string_view explain_words = "EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) ";
  const std::string explained = str(explain_words, sql);
  const SentValues sent(values);
  const std::vector<Oid> types(prepared.parameters.begin(), prepared.parameters.end());
  if (PQsendQueryParams(connection_.get(), explained.c_str(), sent.count(), types.data(), sent.pointers.data(), nullptr, nullptr, 0) == 0) {
    is_broken_ = true;
    return fail(query_error(connection_failure(), sql));
  }
  std::optional<Error> error;
  std::string plan;
  while (const Answer answer = TRY(next_answer(context))) {
    if (!is_good(PQresultStatus(answer.get()))) {
      if (!error) error = query_error(failure_of(answer.get()), sql, {}, static_cast<int>(explain_words.size()));
    } else if (PQntuples(answer.get()) > 0) {
      plan = PQgetvalue(answer.get(), 0, 0);
    }
  }
  if (error) return fail(std::move(*error));
  return plan;
}

Result<std::vector<TextRow>> Session::query(const CallContext& context, const std::string& sql, const std::vector<std::string>& values) {
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, pointers.data(), nullptr, nullptr, 0) ==
      0) {
    is_broken_ = true;
    return fail(query_error(connection_failure(), sql));
  }
  std::vector<TextRow> rows;
  std::optional<Error> error;
  while (const Answer answer = TRY(next_answer(context))) {
    const pg_result* result = answer.get();
    if (!is_good(PQresultStatus(result))) {
      if (!error) error = query_error(failure_of(result), sql);
      continue;
    }
    for (int row = 0; row < PQntuples(result); ++row) {
      TextRow& cells = rows.emplace_back();
      for (int column = 0; column < PQnfields(result); ++column) {
        if (PQgetisnull(result, row, column) != 0) cells.emplace_back();
        else cells.emplace_back(std::string(PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))));
      }
    }
  }
  if (error) return fail(std::move(*error));
  return rows;
}

}  // namespace bridge::postgres
