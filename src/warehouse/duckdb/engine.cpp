#include "warehouse/duckdb/engine.h"

#include "base/guarded.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"
#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/duckdb/duckdb_library.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/duckdb/query_error.h"
#include "warehouse/duckdb/result_reader.h"

namespace bridge::duckdb {

namespace {

constexpr std::chrono::milliseconds interrupt_interval{2};  // a query forgets an interrupt that comes before its start, so it is repeated

struct ResultCloser {
  duckdb_result* result;
  ~ResultCloser() { capi::destroy_result(result); }
};

struct PendingCloser {
  void operator()(_duckdb_pending_result* pending) const { capi::destroy_pending(&pending); }
};

struct AppenderCloser {
  void operator()(_duckdb_appender* appender) const { capi::appender_destroy(&appender); }
};

Result<std::int32_t> parse_days(const std::string& text) {
  const Time time = TRY(parse_time(text));
  return static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(time).time_since_epoch().count());
}

// The digits as one whole number, and how many of them stand behind the point; nullopt when it is no such number.
struct Unscaled {
  __int128 value = 0;
  std::uint8_t width = 0;
  std::uint8_t scale = 0;
};
std::optional<Unscaled> unscaled_of(std::string_view text) {
  Unscaled out;
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  bool has_point = false;
  for (const char c : text) {
    if (c == '.' && !has_point) {
      has_point = true;
    } else if (c >= '0' && c <= '9' && out.width < kDecimalDigitsMax) {
      out.value = out.value * 10 + (c - '0');
      ++out.width;
      if (has_point) ++out.scale;
    } else {
      return std::nullopt;
    }
  }
  if (out.width == 0) return std::nullopt;
  if (is_negative) out.value = -out.value;
  return out;
}

Result<duckdb_state> bind_decimal(duckdb_prepared_statement statement, idx_t index, const std::string& text) {
  const auto number = unscaled_of(text);
  if (!number) return fail(ErrorCode::invalid_argument, str("The value of parameter ", index, " is no number of at most 38 digits"));
  const duckdb_hugeint value{.lower = static_cast<std::uint64_t>(number->value), .upper = static_cast<std::int64_t>(number->value >> 64)};
  // A whole number beyond 64 bits compares with whole columns as such.
  if (number->scale == 0) return capi::bind_hugeint(statement, index, value);
  return capi::bind_decimal(statement, index, {.width = number->width, .scale = number->scale, .value = value});
}

Result<> bind_value(duckdb_prepared_statement statement, idx_t index, const SqlValue& value) {
  const auto bind = [&](const auto& typed) -> Result<duckdb_state> {
    using T = std::remove_cvref_t<decltype(typed)>;
    if constexpr (std::is_same_v<T, std::nullptr_t>) return capi::bind_null(statement, index);
    else if constexpr (std::is_same_v<T, bool>) return capi::bind_boolean(statement, index, typed);
    else if constexpr (std::is_same_v<T, std::int64_t>) return capi::bind_int64(statement, index, typed);
    else if constexpr (std::is_same_v<T, double>) return capi::bind_double(statement, index, typed);
    else if constexpr (std::is_same_v<T, std::string>) return capi::bind_varchar_length(statement, index, typed.data(), typed.size());
    else if constexpr (std::is_same_v<T, Decimal>) return bind_decimal(statement, index, typed.text);
    else if constexpr (std::is_same_v<T, Date>) return capi::bind_date(statement, index, {TRY(parse_days(typed.text))});
    else return capi::bind_timestamp(statement, index, {TRY(parse_time(typed.text)).time_since_epoch().count()});
  };
  if (TRY(std::visit(bind, value)) == DuckDBSuccess) return {};
  return fail(ErrorCode::invalid_argument, str("The value of parameter ", index, " cannot be used"));
}

}  // namespace

// ---- stopping ------------------------------------------------------------------------------------------------------

class QueryWatch final {
 public:
  struct Entry {
    duckdb_connection connection;
    std::optional<CallContext::Clock::time_point> deadline;
    bool is_stopped = false;
  };

  QueryWatch() = default;
  ~QueryWatch() {
    const std::lock_guard lock(mutex_);  // so that the thread is not between its look at the request and its wait
    thread_.request_stop();
    changed_.notify_all();
  }

  std::list<Entry>::iterator add(Entry entry) {
    const std::lock_guard lock(mutex_);
    // Begun by the first query: an engine that was only opened has no thread, and may be taken along by a fork.
    if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    entries_.push_front(entry);
    if (entry.deadline) changed_.notify_all();
    return entries_.begin();
  }
  void remove(std::list<Entry>::iterator entry) {
    const std::lock_guard lock(mutex_);
    entries_.erase(entry);
  }
  void stop(std::list<Entry>::iterator entry) {
    const std::lock_guard lock(mutex_);
    entry->is_stopped = true;
    changed_.notify_all();
  }

 private:
  // Allocates nothing.
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const auto now = CallContext::Clock::now();
      std::optional<CallContext::Clock::time_point> next;
      for (const Entry& entry : entries_) {
        if (entry.is_stopped || (entry.deadline && *entry.deadline <= now)) {
          capi::interrupt(entry.connection);
          next = now + interrupt_interval;
        } else if (entry.deadline && (!next || *entry.deadline < *next)) {
          next = entry.deadline;
        }
      }
      const auto is_stopping = [&] { return stop.stop_requested(); };
      if (next) changed_.wait_until(lock, *next);
      else if (!is_stopping()) changed_.wait(lock);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Entry> entries_;
  std::jthread thread_;  // last, so that it ends before what it uses
};

namespace {

// Has a connection stopped while it is in scope, when its call is cancelled or out of time.
class Watched final {
 public:
  Watched(QueryWatch& watch, const CallContext& context, duckdb_connection connection)
      : place_(watch, {.connection = connection, .deadline = context.deadline}),
        callback_(context.stop, [this] { place_.watch.stop(place_.entry); }) {}
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  struct Callback {
    Callback(const std::stop_token& stop, std::function<void()> run) : callback(stop, std::move(run)) {}
    std::stop_callback<std::function<void()>> callback;
  };
  struct OptionalCallback {
    OptionalCallback(const std::stop_token& stop, std::function<void()> run) {
      if (stop.stop_possible()) callback = std::make_unique<Callback>(stop, std::move(run));
    }
    std::unique_ptr<Callback> callback;
  };

  // Left also when the callback cannot be made.
  struct Place {
    Place(QueryWatch& among, const QueryWatch::Entry& added) : watch(among), entry(among.add(added)) {}
    ~Place() { watch.remove(entry); }
    QueryWatch& watch;
    std::list<QueryWatch::Entry>::iterator entry;
  };

  Place place_;
  OptionalCallback callback_;  // after its place, so that it ends before
};

// What to say of a failure: that the call was cancelled or out of time when it was, else what DuckDB says.
std::unexpected<Error> query_failure(const CallContext& context, CallContext::Clock::time_point started, std::string_view raw,
                                     std::string_view sql) {
  if (context.stop.stop_requested()) return fail(ErrorCode::cancelled, "The query was cancelled");
  const auto now = CallContext::Clock::now();
  if (context.deadline && now >= *context.deadline) {
    const auto took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - started).count();
    return fail(ErrorCode::deadline_exceeded,
                str("The query was stopped because it took longer than ", took_ms / 1000, ".", took_ms % 1000 / 100, " s"));
  }
  return fail(translate_query_error(raw, sql));
}

}  // namespace

namespace {

Result<Streamed> read_all(const CallContext& context, CallContext::Clock::time_point started, duckdb_result* result, std::string_view sql,
                          const ExecuteLimits& limits, BatchSink& sink) {
  ResultReader reader(limits);
  for (idx_t i = 0; i < capi::column_count(result); ++i) {
    const char* name = capi::column_name(result, i);
    TRY(reader.add_column(name ? name : "", capi::column_logical_type(result, i)));
  }
  while (true) {
    duckdb_data_chunk chunk = capi::fetch_chunk(*result);
    if (!chunk) break;
    const AtEnd destroy([&] { capi::destroy_data_chunk(&chunk); });
    const bool goes_on = reader.append(chunk);
    if (!goes_on || reader.has_batch()) TRY(reader.give(sink));
    if (!goes_on) return reader.streamed();
  }
  if (const char* raw = capi::result_error(result); raw && *raw) return query_failure(context, started, raw, sql);
  // The C API swallows an exception while it makes a chunk ready, and says nothing: then more come behind what looks like the end.
  if (duckdb_data_chunk more = capi::fetch_chunk(*result)) {
    capi::destroy_data_chunk(&more);
    return std::unexpected(out_of_memory());
  }
  if (const auto check = context.check(); !check) return query_failure(context, started, "", sql);
  TRY(reader.give(sink));
  return reader.streamed();
}

}  // namespace

// ---- session -------------------------------------------------------------------------------------------------------

struct Session::Prepared {
  std::string sql;
  duckdb_prepared_statement handle = nullptr;
  std::vector<ColumnName> columns;
  bool columns_known = false;  // the types of an answer may depend on the types of the values

  ~Prepared() { capi::destroy_prepare(&handle); }
};

Session::Session(_duckdb_connection* connection, std::shared_ptr<QueryWatch> watch) : connection_(connection), watch_(std::move(watch)) {}

Session::~Session() {
  prepared_.clear();
  capi::disconnect(&connection_);
}

Result<std::unique_ptr<Session::Prepared>> Session::prepare_new(const std::string& sql) {
  auto statement = std::make_unique<Prepared>();
  statement->sql = sql;
  if (capi::prepare(connection_, sql.c_str(), &statement->handle) == DuckDBSuccess) return statement;
  const char* raw = capi::prepare_error(statement->handle);
  return fail(translate_query_error(raw ? raw : "", sql));
}

Result<Session::Prepared*> Session::prepare(const std::string& sql) {
  const auto found = std::ranges::find_if(prepared_, [&](const auto& one) { return one->sql == sql; });
  if (found != prepared_.end()) {
    prepared_.splice(prepared_.begin(), prepared_, found);
    return prepared_.front().get();
  }
  auto statement = TRY(prepare_new(sql));
  const idx_t count = capi::prepared_statement_column_count(statement->handle);
  statement->columns_known = true;
  for (idx_t i = 0; i < count; ++i) {
    duckdb_logical_type type = capi::prepared_statement_column_logical_type(statement->handle, i);
    const char* name = capi::prepared_statement_column_name(statement->handle, i);
    if (!type || capi::get_type_id(type) == DUCKDB_TYPE_INVALID) statement->columns_known = false;
    else statement->columns.push_back({.name = name ? name : "", .type = column_type_of(type)});
    capi::destroy_logical_type(&type);
    capi::free(const_cast<char*>(name));
  }
  if (prepared_.size() >= prepared_statements_max) prepared_.pop_back();
  prepared_.push_front(std::move(statement));
  return prepared_.front().get();
}

namespace {

// The statement without the semicolons around it, so that it can stand within another.
std::string_view bare_statement(std::string_view sql) {
  constexpr std::string_view around = "; \t\r\n";
  const auto first = sql.find_first_not_of(around);
  return first == std::string_view::npos ? std::string_view() : sql.substr(first, sql.find_last_not_of(around) - first + 1);
}

}  // namespace

Result<std::vector<ColumnName>> Session::describe(const CallContext& context, const BoundQuery& query) {
  Prepared& statement = *TRY(prepare(query.sql));
  if (capi::prepared_statement_type(statement.handle) != DUCKDB_STATEMENT_TYPE_SELECT) return fail(not_a_select());
  if (capi::nparams(statement.handle) != query.values.size())
    return fail(wrong_parameter_count(capi::nparams(statement.handle), query.values.size()));
  if (statement.columns_known) return statement.columns;
  const BoundQuery empty{.sql = str("SELECT * FROM (\n", bare_statement(query.sql), "\n) LIMIT 0"), .values = query.values};
  const QueryResult result = TRY(run(context, empty, {}));
  std::vector<ColumnName> columns;
  for (const ResultColumn& column : result.columns) columns.push_back({.name = column.name, .type = column.type});
  return columns;
}

Result<std::vector<ColumnInfo>> Session::describe_columns(const std::string& sql) {
  const QueryResult described = TRY(run({}, {.sql = str("SELECT column_name, column_type, \"null\" FROM (DESCRIBE ", sql, ")")}, {}));
  const std::vector<ColumnName> columns = TRY(describe({}, {.sql = sql}));
  std::vector<ColumnInfo> infos;
  for (std::size_t i = 0; i < columns.size() && i < described.row_count; ++i) {
    infos.push_back({.name = columns[i].name, .type = columns[i].type, .engine_type = described.columns[1].texts[i]});
    infos.back().nullable = described.columns[2].texts[i] != "NO";
  }
  return infos;
}

Result<Streamed> Session::stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) {
  Prepared& statement = *TRY(prepare(query.sql));
  if (capi::prepared_statement_type(statement.handle) != DUCKDB_STATEMENT_TYPE_SELECT) return fail(not_a_select());
  return execute(context, statement, query, limits, sink);
}

Result<QueryResult> Session::run(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) {
  return collect_answer([&](BatchSink& sink) { return stream(context, query, limits, sink); });
}

Result<std::string> Session::explain(const CallContext& context, const BoundQuery& query) {
  const BoundQuery explained{.sql = str("EXPLAIN (FORMAT json) ", bare_statement(query.sql)), .values = query.values};
  QueryResult plan;
  if (query.values.empty()) {  // planned once instead of twice
    plan = TRY(query_directly(context, explained.sql));
  } else {
    const auto statement = TRY(prepare_new(explained.sql));
    plan = TRY(collect_answer([&](BatchSink& sink) { return execute(context, *statement, explained, {}, sink); }));
  }
  if (plan.row_count == 0 || plan.columns.size() < 2) return fail(ErrorCode::internal, "The engine gave no plan");
  return plan.columns[1].texts[0];
}

Result<QueryResult> Session::query_directly(const CallContext& context, const std::string& sql) {
  const auto started = CallContext::Clock::now();
  const Watched watched(*watch_, context, connection_);
  duckdb_result result{};
  const ResultCloser closer{&result};
  if (capi::query(connection_, sql.c_str(), &result) != DuckDBSuccess) {
    const char* raw = capi::result_error(&result);
    return query_failure(context, started, raw ? raw : "", sql);
  }
  return collect_answer([&](BatchSink& sink) { return read_all(context, started, &result, sql, {}, sink); });
}

Result<> Session::command(const CallContext& context, const std::string& sql) {
  prepared_.clear();  // a table may get other columns, and what was prepared would still tell the old ones
  const auto started = CallContext::Clock::now();
  const Watched watched(*watch_, context, connection_);
  duckdb_result result{};
  const ResultCloser closer{&result};
  if (capi::query(connection_, sql.c_str(), &result) == DuckDBSuccess) return {};
  const char* raw = capi::result_error(&result);
  return query_failure(context, started, raw ? raw : "", sql);
}

Result<Streamed> Session::execute(const CallContext& context, Prepared& statement, const BoundQuery& query, const ExecuteLimits& limits,
                                  BatchSink& sink) {
  const auto started = CallContext::Clock::now();
  TRY(context.check());
  if (const idx_t wanted = capi::nparams(statement.handle); wanted != query.values.size())
    return fail(wrong_parameter_count(wanted, query.values.size()));
  for (idx_t i = 0; i < query.values.size(); ++i) TRY(bind_value(statement.handle, i + 1, query.values[i]));

  const Watched watched(*watch_, context, connection_);
  duckdb_pending_result pending = nullptr;
  const duckdb_state state = capi::pending_prepared_streaming(statement.handle, &pending);
  const std::unique_ptr<_duckdb_pending_result, PendingCloser> owned_pending(pending);
  if (state != DuckDBSuccess) {
    const char* raw = capi::pending_error(pending);
    return query_failure(context, started, raw ? raw : "", query.sql);
  }
  duckdb_result result{};
  const ResultCloser closer{&result};
  if (capi::execute_pending(pending, &result) != DuckDBSuccess) {
    const char* raw = capi::result_error(&result);
    return query_failure(context, started, raw ? raw : "", query.sql);
  }
  return read_all(context, started, &result, query.sql, limits, sink);
}

namespace {

// Wide enough for every digit of the column's values: an engine writes all values of a decimal column with as many behind the point.
std::string decimal_type_of(const ResultColumn& column) {
  constexpr std::size_t scale_unknown = 9;  // of an answer without values
  std::optional<std::size_t> scale;
  for (std::size_t row = 0; row < column.texts.size(); ++row) {
    if (!column.valid[row]) continue;
    const std::size_t point = column.texts[row].find('.');
    scale = std::max(scale.value_or(0), point == std::string::npos ? 0 : column.texts[row].size() - point - 1);
  }
  return str("DECIMAL(", kDecimalDigitsMax, ", ", std::min(scale.value_or(scale_unknown), kDecimalDigitsMax), ")");
}

// HUGEINT ends at 2^127 - 1, which has 39 digits; the unsigned one has room for all that a column without negatives may hold.
std::string_view big_integer_type_of(const ResultColumn& column) {
  constexpr std::string_view hugeint_max = "170141183460469231731687303715884105727";
  const bool is_beyond = std::ranges::any_of(column.texts, [&](const std::string& text) {
    return text.size() > hugeint_max.size() || (text.size() == hugeint_max.size() && text[0] != '-' && text > hugeint_max);
  });
  return is_beyond ? "UHUGEINT" : "HUGEINT";
}

std::string sql_type_of(const ResultColumn& column) {
  switch (column.type) {
    case ColumnType::boolean: return "BOOLEAN";
    case ColumnType::integer: return "BIGINT";
    case ColumnType::big_integer: return std::string(big_integer_type_of(column));
    case ColumnType::decimal: return decimal_type_of(column);
    case ColumnType::number: return "DOUBLE";
    case ColumnType::date: return "DATE";
    case ColumnType::timestamp: return "TIMESTAMP";
    case ColumnType::time: return "TIME";
    case ColumnType::json: return "JSON";
    case ColumnType::text: break;
  }
  return "VARCHAR";
}

duckdb_state append_cell(duckdb_appender appender, const ResultColumn& column, std::size_t row) {
  if (!column.valid[row]) return capi::append_null(appender);
  switch (column.type) {
    case ColumnType::boolean: return capi::append_bool(appender, column.integers[row] != 0);
    case ColumnType::integer: return capi::append_int64(appender, column.integers[row]);
    case ColumnType::number: return capi::append_double(appender, column.numbers[row]);
    case ColumnType::date:
      if (const auto days = parse_days(column.texts[row])) return capi::append_date(appender, {*days});
      return capi::append_null(appender);
    case ColumnType::timestamp:
      if (const auto time = parse_time(column.texts[row])) return capi::append_timestamp(appender, {time->time_since_epoch().count()});
      return capi::append_null(appender);
    default: return capi::append_varchar_length(appender, column.texts[row].data(), column.texts[row].size());
  }
}

}  // namespace

Result<> Session::create_temporary_table(const CallContext& context, const std::string& name, const QueryResult& rows) {
  constexpr std::size_t rows_between_checks = 4'096;
  std::string sql = "CREATE TEMP TABLE " + duckdb_dialect().quote_identifier(name) + " (";
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    sql += str(i > 0 ? ", " : "", duckdb_dialect().quote_identifier(rows.columns[i].name), " ", sql_type_of(rows.columns[i]));
  }
  TRY(command(context, sql + ")"));
  duckdb_appender appender = nullptr;
  const duckdb_state created = capi::appender_create_ext(connection_, "temp", "main", name.c_str(), &appender);
  const std::unique_ptr<_duckdb_appender, AppenderCloser> owned(appender);
  const auto appender_failure = [&] {
    const char* raw = capi::appender_error(appender);
    Error error{.code = ErrorCode::invalid_argument,
                .message = str("The answer '", name, "' cannot be made into a table"),
                .detail = raw ? raw : ""};
    return std::unexpected(std::move(error));
  };
  if (created != DuckDBSuccess) return appender_failure();
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    if (row % rows_between_checks == 0) TRY(context.check());
    for (const ResultColumn& column : rows.columns) {
      if (append_cell(appender, column, row) != DuckDBSuccess) return appender_failure();
    }
    if (capi::appender_end_row(appender) != DuckDBSuccess) return appender_failure();
  }
  if (capi::appender_close(appender) != DuckDBSuccess) return appender_failure();
  return {};
}

// ---- engine --------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<Engine>> Engine::open(const EngineOptions& options) {
  TRY(load_duckdb_library());
  std::shared_ptr<Engine> engine(new Engine);
  duckdb_config config = nullptr;
  capi::create_config(&config);
  const unsigned threads = options.threads ? options.threads : std::clamp(std::thread::hardware_concurrency(), 1U, threads_max);
  capi::set_config(config, "threads", str(threads).c_str());
  const std::uint64_t share = options.process_memory_max.value_or(process_memory_max()) / options.memory_share;
  capi::set_config(config, "memory_limit", str(std::min(options.memory_max, share) >> 20, "MiB").c_str());
  capi::set_config(config, "autoinstall_known_extensions", "false");
  capi::set_config(config, "autoload_known_extensions", "false");
  capi::set_config(config, "allow_community_extensions", "false");
  if (!options.database_file.empty()) capi::set_config(config, "access_mode", "READ_ONLY");
  char* raw_error = nullptr;
  const char* file = options.database_file.empty() ? nullptr : options.database_file.c_str();
  const duckdb_state opened = capi::open_ext(file, &engine->database_, config, &raw_error);
  capi::destroy_config(&config);
  if (opened != DuckDBSuccess) {
    Error error{.code = ErrorCode::failed_precondition, .message = "The database cannot be opened", .detail = raw_error ? raw_error : ""};
    capi::free(raw_error);
    return fail(std::move(error));
  }

  const auto watch = std::make_shared<QueryWatch>();
  for (std::size_t i = 0; i < (options.sessions ? options.sessions : sessions_max); ++i) {
    duckdb_connection connection = nullptr;
    if (capi::connect(engine->database_, &connection) != DuckDBSuccess)
      return fail(ErrorCode::internal, "A connection to the engine cannot be made");
    engine->sessions_.push_back(std::make_unique<Session>(connection, watch));
    engine->free_sessions_.push_back(engine->sessions_.back().get());
    TRY(engine->sessions_.back()->command({}, "SET errors_as_json = true"));  // gives the place of an error in the SQL
  }
  std::string files;
  for (const std::string& file : options.readable_files) files += (files.empty() ? "" : ", ") + quote_text(file);
  // Memory that loading a file took goes back to the system; without a directory for temporary files a query that does not fit into memory
  // fails instead of filling a disk. The lock comes last: after it nobody can set anything on this database.
  for (const std::string& setting :
       {str("TimeZone = 'UTC'"), str("parquet_metadata_cache = true"), str("allocator_background_threads = true"),
        str("temp_directory = ''"), str("allowed_paths = [", files, "]"), str("enable_external_access = false"),
        str("lock_configuration = true")}) {
    TRY(engine->sessions_.back()->command({}, "SET GLOBAL " + setting));
  }
  return engine;
}

Engine::~Engine() {
  sessions_.clear();
  capi::close(&database_);
}

Result<Engine::Lease> Engine::borrow(const CallContext& context) {
  TRY(context.check());
  std::unique_lock lock(mutex_);
  const auto is_free = [&] { return !free_sessions_.empty(); };
  if (context.deadline) session_is_free_.wait_until(lock, context.stop, *context.deadline, is_free);
  else session_is_free_.wait(lock, context.stop, is_free);
  if (free_sessions_.empty()) {
    TRY(context.check());
    return fail(ErrorCode::resource_exhausted, "Too many queries are running on this warehouse: try again in a moment");
  }
  Session* session = free_sessions_.back();
  free_sessions_.pop_back();
  return Lease(shared_from_this(), session);
}

void Engine::give_back(Session* session) {
  const std::lock_guard lock(mutex_);
  free_sessions_.push_back(session);
  session_is_free_.notify_one();
}

std::string quote_text(std::string_view text) { return "'" + replace_all(std::string(text), "'", "''") + "'"; }

std::pair<int, int> line_and_column(std::string_view sql, std::size_t offset) {
  offset = std::min(offset, sql.size());
  int line = 1;
  int column = 1;
  for (std::size_t i = 0; i < offset; ++i) {
    if (sql[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(sql[i]) & 0xC0U) != 0x80U) {
      ++column;  // counts characters, not bytes
    }
  }
  return {line, column};
}

}  // namespace bridge::duckdb
