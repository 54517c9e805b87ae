#include "warehouse/sqlite/connection.h"

#include <sqlite3.h>

#include <charconv>
#include <map>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "warehouse/sqlite/bounded_functions.h"
#include "warehouse/sqlite/limits.h"
#include "warehouse/sqlite/query_error.h"
#include "warehouse/sqlite/sql_guard.h"
#include "warehouse/sqlite/temporary_files.h"

namespace bridge::sqlite {

namespace {

// As SQLite takes a file whose name may hold ? and %: every byte that is not plain is written as its code.
std::string uri_of(const std::filesystem::path& file, bool is_immutable) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string uri = "file://";
  for (const char c : file.string()) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) || std::string_view("/-_.~").contains(c))) {
      uri += c;
    } else {
      uri += '%';
      uri += digits[byte >> 4];
      uri += digits[byte & 15];
    }
  }
  return uri + (is_immutable ? "?mode=ro&immutable=1" : "?mode=ro");
}

struct Numbered {
  int id;
  int value;
};
constexpr Numbered limits[] = {
    {SQLITE_LIMIT_LENGTH, value_bytes_max},
    {SQLITE_LIMIT_SQL_LENGTH, schema_sql_bytes_max},
    {SQLITE_LIMIT_COLUMN, columns_max},
    {SQLITE_LIMIT_EXPR_DEPTH, expression_depth_max},
    {SQLITE_LIMIT_COMPOUND_SELECT, compound_selects_max},
    {SQLITE_LIMIT_VDBE_OP, program_steps_max},
    {SQLITE_LIMIT_FUNCTION_ARG, function_arguments_max},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, pattern_bytes_max},
    {SQLITE_LIMIT_VARIABLE_NUMBER, variables_max},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

constexpr Numbered settings[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},  // "amuont" is a column that is not there, and not a text
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
};

// As SQLite keeps numbers: whole ones of 64 bits exactly, all others as floating point.
Result<int> bind_decimal(sqlite3_stmt* statement, int index, const std::string& text) {
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc{} && read.ptr == end)
    return sqlite3_bind_int64(statement, index, whole);
  double number = 0;
  if (const auto read = std::from_chars(text.data(), end, number); read.ec == std::errc{} && read.ptr == end)
    return sqlite3_bind_double(statement, index, number);
  return fail(ErrorCode::invalid_argument, "sql_invalid", str("The value of parameter ", index, " is no number"));
}

std::string opening_sql() {
  return str("PRAGMA temp_store = FILE; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA cache_size = -", page_cache_kib,
             "; PRAGMA query_only = ON; SELECT 1 FROM json_each('[]'); SELECT 1 FROM json_tree('[]')");
}

}  // namespace

void StatementCloser::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

struct Connection::State {
  sqlite3* handle = nullptr;

  // The call at hand.
  const CallContext* context = nullptr;
  CallContext::Clock::time_point started;
  bool is_out_of_memory = false;
  CallContext::Clock::time_point waits_since;

  // The guarded statement at hand.
  const ReadableTables* tables = nullptr;
  sqlite3_stmt* guarded_statement = nullptr;
  bool is_guarding = false;                           // also while it runs: SQLite prepares it anew when the tables were changed
  std::map<std::string, std::set<ReadColumn>> reads;  // by the view or the WITH entry that they stand in; empty: the statement itself
  bool has_entries = false;                           // of WITH
  std::set<std::string> functions;
  Denied denied;

  ~State() { sqlite3_close_v2(handle); }

  bool is_to_stop() {
    if (!context) return false;
    if (sqlite3_memory_used() > memory_max_bytes) {
      is_out_of_memory = true;
      return true;
    }
    return !context->check();
  }

  // Callbacks must not throw: what an allocation throws is a refusal.
  static int on_progress(void* self) noexcept {
    auto& state = *static_cast<State*>(self);
    const auto stops = guarded([&] { return state.is_to_stop(); });
    return !stops || *stops ? 1 : 0;
  }

  static int on_busy(void* self, int tries) noexcept {
    auto& state = *static_cast<State*>(self);
    const auto goes_on = guarded([&] {
      const auto now = CallContext::Clock::now();
      if (tries == 0) state.waits_since = now;
      if (now - state.waits_since >= lock_wait_max || state.is_to_stop()) return false;
      std::this_thread::sleep_for(lock_retry_interval);
      return true;
    });
    return goes_on && *goes_on ? 1 : 0;
  }

  static int on_authorize(void* self, int action, const char* first, const char* second, const char* database,
                          const char* through) noexcept {
    auto& state = *static_cast<State*>(self);
    if (!state.is_guarding) return SQLITE_OK;
    const auto allowed = guarded([&] { return state.is_allowed(action, text(first), text(second), text(database), text(through)); });
    return allowed && *allowed ? SQLITE_OK : SQLITE_DENY;
  }

  static std::string_view text(const char* text) { return text ? std::string_view(text) : std::string_view(); }

  bool deny(std::string_view construct, std::string_view name) {
    if (denied.construct.empty()) denied = {.construct = std::string(construct), .name = std::string(name)};
    return false;
  }

  bool is_allowed(int action, std::string_view first, std::string_view second, std::string_view database, std::string_view through) {
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_RECURSIVE: return true;
      case SQLITE_READ:
        if (is_allowed_table_function(lower(first))) return true;
        if (!database.empty() && database != "main") return deny("the database", database);
        // Without a column it is also told of names that WITH gives.
        if (!tables->is_readable(first)) return (second.empty() && !tables->is_hidden(first)) || deny("the table", first);
        reads[lower(through)].insert({.table = lower(first), .column = lower(second)});
        return true;
      case SQLITE_FUNCTION:
        if (!is_allowed_function(lower(second))) return deny("the function", second);
        functions.insert(lower(second));
        return true;
      case SQLITE_PRAGMA: return deny("PRAGMA", first);
      case SQLITE_ATTACH: return deny("ATTACH", first);
      case SQLITE_DETACH: return deny("DETACH", first);
      case SQLITE_INSERT: return deny("INSERT into", first);
      case SQLITE_UPDATE:
        // Also how a table that is code declares its columns when it is first used.
        return deny("UPDATE of", first);
      case SQLITE_DELETE: return deny("DELETE from", first);
      case SQLITE_TRANSACTION:
      case SQLITE_SAVEPOINT: return deny("a transaction", first);
      default: return deny("a statement that changes something", first);
    }
  }
};

// ---- opening -------------------------------------------------------------------------------------------------------

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const CallContext& context, const std::filesystem::path& file, bool is_immutable) {
  TRY(context.check());
  auto state = std::make_unique<State>();
  State& it = *state;
  const std::string uri = uri_of(file, is_immutable);
  const int opened =
      sqlite3_open_v2(uri.c_str(), &it.handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                      limited_file_layer());
  if (opened != SQLITE_OK) return fail(storage_error(opened, it.handle ? sqlite3_errmsg(it.handle) : ""));
  sqlite3_extended_result_codes(it.handle, 1);
  for (const Numbered& limit : limits) sqlite3_limit(it.handle, limit.id, limit.value);
  for (const Numbered& setting : settings) {
    if (sqlite3_db_config(it.handle, setting.id, setting.value, nullptr) != SQLITE_OK)
      return fail(Error{.code = ErrorCode::internal, .message = "SQLite cannot be made safe", .detail = str("setting ", setting.id)});
  }
  TRY(install_bounded_functions(it.handle));
  sqlite3_progress_handler(it.handle, steps_between_checks, &State::on_progress, &it);
  sqlite3_busy_handler(it.handle, &State::on_busy, &it);
  sqlite3_set_authorizer(it.handle, &State::on_authorize, &it);
  std::unique_ptr<Connection> connection(new Connection(std::move(state)));
  const Call call(*connection, context);
  const std::string sql = opening_sql();
  // The allowed table functions declare their columns at the first use, which the guard would take for a change.
  if (const int code = sqlite3_exec(it.handle, sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK)
    return fail(connection->failure(code, sql));
  return connection;
}

Connection::Call::Call(Connection& connection, const CallContext& context)
    : connection_(connection), context_before_(connection.state_->context), started_before_(connection.state_->started) {
  connection.state_->context = &context;
  connection.state_->started = CallContext::Clock::now();
  connection.state_->is_out_of_memory = false;
  connection.state_->denied = {};
}

Connection::Call::~Call() {
  connection_.state_->context = context_before_;
  connection_.state_->started = started_before_;
}

// ---- statements ----------------------------------------------------------------------------------------------------

Error Connection::failure(int code, std::string_view sql) {
  State& it = *state_;
  if (it.context) {
    if (it.context->stop.stop_requested()) return {.code = ErrorCode::cancelled, .message = "The query was cancelled"};
    const auto now = CallContext::Clock::now();
    if (it.context->deadline && now >= *it.context->deadline) {
      const auto took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - it.started).count();
      return {.code = ErrorCode::deadline_exceeded,
              .message = str("The query was stopped because it took longer than ", took_ms / 1000, ".", took_ms % 1000 / 100, " s")};
    }
  }
  if (it.is_out_of_memory) return query_too_large();
  return query_error({.code = code,
                      .message = sqlite3_errmsg(it.handle),
                      .offset = sqlite3_error_offset(it.handle),
                      .sql = sql,
                      .denied = it.denied,
                      .tables = it.tables});
}

Result<Statement> Connection::prepare(const std::string& sql) {
  State& it = *state_;
  const bool was_guarding = std::exchange(it.is_guarding, false);
  const AtEnd restore([&] { it.is_guarding = was_guarding; });
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(it.handle, sql.c_str(), static_cast<int>(sql.size()) + 1, 0, &statement, nullptr);
  Statement owned(statement);
  if (code != SQLITE_OK) return fail(failure(code, sql));
  return owned;
}

Result<Statement> Connection::prepare_guarded(const std::string& sql, const ReadableTables& tables) {
  State& it = *state_;
  TRY(check_beginning(sql));
  it.tables = &tables;
  it.reads.clear();
  it.functions.clear();
  it.has_entries = find_word(sql, "with").has_value();
  it.denied = {};
  it.guarded_statement = nullptr;
  it.is_guarding = true;
  const AtEnd rest([&] { it.is_guarding = false; });
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(it.handle, sql.c_str(), static_cast<int>(sql.size()) + 1, 0, &statement, &tail);
  Statement owned(statement);
  if (code != SQLITE_OK) return fail(failure(code, sql));
  if (const auto second = find_statement(sql, static_cast<std::size_t>(tail - sql.c_str()))) {
    return fail(sql_not_allowed("Only one statement is allowed", sql, second->first, second->second));
  }
  if (!owned) return fail(sql_invalid("There is no SQL", sql, {}, "", {}));
  if (!sqlite3_stmt_readonly(statement) || sqlite3_stmt_isexplain(statement) != 0 || sqlite3_column_count(statement) == 0)
    return fail(sql_not_allowed("Only one SELECT is allowed", sql, {}, ""));
  it.guarded_statement = statement;
  return owned;
}

std::vector<ReadColumn> Connection::reads() const {
  const State& it = *state_;
  std::set<ReadColumn> all;
  for (const auto& [through, reads] : it.reads) {
    // A WITH entry may have the name of a view: then what both stand for is read.
    if (it.has_entries || !it.tables->is_readable(through)) all.insert(reads.begin(), reads.end());
  }
  return {all.begin(), all.end()};
}
std::vector<std::string> Connection::functions() const { return {state_->functions.begin(), state_->functions.end()}; }

Result<> Connection::bind(sqlite3_stmt* statement, const std::vector<SqlValue>& values, const TimestampForm& form) {
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement));
  if (wanted != values.size()) {
    return fail(ErrorCode::invalid_argument, "sql_invalid",
                str("The query has ", wanted, " parameters, but ", values.size(), " values were given"));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int index = static_cast<int>(i) + 1;
    const auto bind_text = [&](std::string_view text) {
      return sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    };
    const auto bind = [&](const auto& typed) -> Result<int> {
      using T = std::remove_cvref_t<decltype(typed)>;
      if constexpr (std::is_same_v<T, std::nullptr_t>) return sqlite3_bind_null(statement, index);
      else if constexpr (std::is_same_v<T, bool>) return sqlite3_bind_int(statement, index, typed ? 1 : 0);
      else if constexpr (std::is_same_v<T, std::int64_t>) return sqlite3_bind_int64(statement, index, typed);
      else if constexpr (std::is_same_v<T, double>) return sqlite3_bind_double(statement, index, typed);
      else if constexpr (std::is_same_v<T, std::string>) return bind_text(typed);
      else if constexpr (std::is_same_v<T, Decimal>) return bind_decimal(statement, index, typed.text);
      else if constexpr (std::is_same_v<T, Date>) return bind_text(format_time(TRY(parse_time(typed.text))).substr(0, 10));
      else return bind_text(write_timestamp(TRY(parse_time(typed.text)), form));
    };
    if (const int code = TRY(std::visit(bind, values[i])); code != SQLITE_OK)
      return fail(ErrorCode::invalid_argument, "sql_invalid", str("The value of parameter ", index, " cannot be used"));
  }
  return {};
}

Result<bool> Connection::step(sqlite3_stmt* statement) {
  State& it = *state_;
  it.is_guarding = statement == it.guarded_statement;
  const AtEnd rest([&] { it.is_guarding = false; });
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(failure(code, sqlite3_sql(statement)));
}

Result<Streamed> Connection::stream(sqlite3_stmt* statement, const std::vector<AnswerColumn>& columns, const ExecuteLimits& limits,
                                    BatchSink& sink) {
  ResultReader reader(columns, limits);
  while (TRY(step(statement))) {
    const bool goes_on = reader.append(statement);
    if (!goes_on || reader.has_batch()) TRY(reader.give(sink));
    if (!goes_on) return reader.streamed();
  }
  TRY(reader.give(sink));
  return reader.streamed();
}

std::vector<AnswerColumn> names_of(sqlite3_stmt* statement) {
  std::vector<AnswerColumn> columns;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const char* name = sqlite3_column_name(statement, i);
    columns.push_back({.name = name ? name : ""});
  }
  return columns;
}

Result<QueryResult> Connection::run(const CallContext& context, const std::string& sql, const std::vector<SqlValue>& values,
                                    const ExecuteLimits& limits) {
  const Call call(*this, context);
  const Statement statement = TRY(prepare(sql));
  TRY(bind(statement.get(), values));
  std::vector<AnswerColumn> columns = names_of(statement.get());
  for (AnswerColumn& column : columns) column.type = ColumnType::text;  // a name may look like a date
  return collect_answer([&](BatchSink& sink) { return stream(statement.get(), columns, limits, sink); });
}

}  // namespace bridge::sqlite
