#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>

#include "base/context_mutex.h"
#include "base/text.h"
#include "platform/metadata_db/database.h"
#include "platform/metadata_db/limits.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

namespace sqlite = ::sqlite_api;

sqlite::sqlite3* handle_of(soci::session& session) { return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_; }

// The one place where an engine's failure becomes an Error. `code` is SQLite's extended result code.
Error map_error(int code, std::string detail) {
  // A quota or a size limit is reported as a failed write, and SQLite does not keep the system's own error.
  if ((code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_WRITE) {
    return {.code = ErrorCode::resource_exhausted,
            .message = "The disk that holds the metadata database takes no more: make space, then try again",
            .detail = std::move(detail),
            .reason = "disk_full"};
  }
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
    return {.code = ErrorCode::already_exists, .message = "It exists already", .detail = std::move(detail)};
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
    return {.code = ErrorCode::failed_precondition,
            .message = "Something that this refers to does not exist, or is still in use",
            .detail = std::move(detail)};
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {.code = ErrorCode::unavailable,
              .message = "Another process uses the metadata database: stop it first",
              .detail = std::move(detail),
              .reason = "database_in_use"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {.code = ErrorCode::data_loss,
              .message = "The metadata database is damaged: restore it from a backup",
              .detail = std::move(detail),
              .reason = "database_damaged"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {.code = ErrorCode::unavailable,
              .message = "The metadata database cannot be written: check the permissions of its folder",
              .detail = std::move(detail),
              .reason = "database_not_writable"};
    case SQLITE_IOERR:
      return {.code = ErrorCode::unavailable,
              .message = "The disk that holds the metadata database fails",
              .detail = std::move(detail),
              .reason = "disk_error"};
    default: return {.code = ErrorCode::internal, .message = "The metadata database refused a statement", .detail = std::move(detail)};
  }
}

// Runs `work` and turns what SOCI throws into an Error.
template <class Work>
auto guarded(soci::session& session, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& exception) {
    auto* handle = handle_of(session);
    int code = sqlite::sqlite3_extended_errcode(handle);
    if (const auto* known = dynamic_cast<const soci::sqlite3_soci_error*>(&exception); known && (code & 0xff) != (known->result() & 0xff))
      code = known->result();
    return fail(map_error(code, exception.what()));
  }
}

// Values bound under the names p1, p2, … with the addresses that SOCI keeps.
class BoundValues {
 public:
  BoundValues(soci::statement& statement, const std::vector<DbValue>& values) : null_text_() {
    names_.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) names_.push_back(str('p', i + 1));
    for (std::size_t i = 0; i < values.size(); ++i) bind(statement, values[i], names_[i]);
  }

 private:
  void bind(soci::statement& statement, const DbValue& value, const std::string& name) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      integers_.push_back(std::make_unique<long long>(*number));
      statement.exchange(soci::use(*integers_.back(), name));
    } else if (const auto* real = std::get_if<double>(&value)) {
      statement.exchange(soci::use(*real, name));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      statement.exchange(soci::use(*text, name));
    } else {
      statement.exchange(soci::use(null_text_, null_, name));
    }
  }

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<long long>> integers_;
  std::string null_text_;
  soci::indicator null_ = soci::i_null;
};

DbValue column_value(sqlite::sqlite3_stmt* statement, int column) {
  switch (sqlite::sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return nullptr;
    case SQLITE_INTEGER: return static_cast<std::int64_t>(sqlite::sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT: return sqlite::sqlite3_column_double(statement, column);
    default: {
      const auto* text = reinterpret_cast<const char*>(sqlite::sqlite3_column_text(statement, column));
      return std::string(text ? text : "", static_cast<std::size_t>(sqlite::sqlite3_column_bytes(statement, column)));
    }
  }
}

class SqliteTransaction final : public Transaction {
 public:
  explicit SqliteTransaction(soci::session& session) : session_(session) {}

  Result<std::vector<DbRow>> query(std::string_view sql, const std::vector<DbValue>& values) override {
    return guarded(session_, [&]() -> Result<std::vector<DbRow>> {
      soci::statement statement(session_);
      const BoundValues bound(statement, values);
      soci::row unused;  // SOCI fetches into something; the values below are read from the engine, whose types are exact
      statement.exchange(soci::into(unused));
      statement.alloc();
      statement.prepare(std::string(sql));
      statement.define_and_bind();
      statement.execute(false);
      std::vector<DbRow> rows;
      auto* raw = static_cast<soci::sqlite3_statement_backend*>(statement.get_backend())->stmt_;
      while (statement.fetch()) {
        if (rows.size() == kStatementRowsMax) return fail(ErrorCode::resource_exhausted, "A statement returned too many rows");
        DbRow& row = rows.emplace_back();
        const int columns = sqlite::sqlite3_column_count(raw);
        row.values.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) row.values.push_back(column_value(raw, i));
      }
      return rows;
    });
  }

  Result<std::int64_t> execute(std::string_view sql, const std::vector<DbValue>& values) override {
    return guarded(session_, [&]() -> Result<std::int64_t> {
      soci::statement statement(session_);
      const BoundValues bound(statement, values);
      statement.alloc();
      statement.prepare(std::string(sql));
      statement.define_and_bind();
      statement.execute(true);
      return statement.get_affected_rows();
    });
  }

  Result<std::vector<std::string>> list_tables() override {
    const auto rows =
        TRY(query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", {}));
    std::vector<std::string> names;
    for (const DbRow& row : rows) names.push_back(std::get<std::string>(row.values.front()));
    return names;
  }

 private:
  soci::session& session_;
};

// Foreign keys neither cascade nor refuse while this lives. Made and destroyed outside of a transaction; the engine's setting, unlike the
// pragma, is not ignored inside one, so that they guard again even where a rollback failed.
class ForeignKeysAtRest {
 public:
  explicit ForeignKeysAtRest(sqlite::sqlite3* handle) : handle_(handle) {
    sqlite::sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, 0, nullptr);
  }
  ForeignKeysAtRest(const ForeignKeysAtRest&) = delete;
  ForeignKeysAtRest& operator=(const ForeignKeysAtRest&) = delete;
  ~ForeignKeysAtRest() { sqlite::sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr); }

 private:
  sqlite::sqlite3* handle_;
};

// Rolls back what was not committed, whatever way its scope is left.
class OpenTransaction {
 public:
  explicit OpenTransaction(sqlite::sqlite3* handle) : handle_(handle) {}
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;
  ~OpenTransaction() {
    // After COMMIT, or a statement that failed on a full disk, there is none any more.
    if (!sqlite::sqlite3_get_autocommit(handle_)) sqlite::sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }

 private:
  sqlite::sqlite3* handle_;
};

struct BrokenForeignKey {
  std::string table;
  std::string column;
  std::string parent;
  std::string parent_column;
  std::int64_t rows = 0;  // that lead nowhere; none counted when the parent itself is missing
};
BOOST_DESCRIBE_STRUCT(BrokenForeignKey, (), (table, column, parent, parent_column, rows))

// Every foreign key that leads nowhere: to a table that is not there (which the engine's own check passes over while the referring table is
// empty), or to rows that are not there.
Result<std::vector<BrokenForeignKey>> find_broken_foreign_keys(Transaction& transaction) {
  auto broken = TRY(read_rows<BrokenForeignKey>(
      TRY(transaction.query("SELECT m.name, f.\"from\", f.\"table\", '', 0 FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE "
                            "m.type = 'table' AND f.seq = 0 "
                            "AND LOWER(f.\"table\") NOT IN (SELECT LOWER(name) FROM sqlite_schema WHERE type = 'table') ORDER BY 1, 2",
                            {}))));
  auto without_row = TRY(read_rows<BrokenForeignKey>(TRY(
      transaction.query("SELECT c.\"table\", f.\"from\", c.parent, COALESCE(f.\"to\", 'rowid'), COUNT(*) FROM pragma_foreign_key_check c, "
                        "pragma_foreign_key_list(c.\"table\") f WHERE f.id = c.fkid AND f.seq = 0 AND LOWER(c.parent) IN (SELECT "
                        "LOWER(name) FROM sqlite_schema "
                        "WHERE type = 'table') GROUP BY 1, 2, 3, 4 ORDER BY 1, 2",
                        {}))));
  for (BrokenForeignKey& key : without_row) broken.push_back(std::move(key));
  return broken;
}

std::string describe(const BrokenForeignKey& key) {
  if (key.rows == 0) return str(key.table, ".", key.column, " refers to the table ", key.parent, ", which is not there");
  return str(key.rows, key.rows == 1 ? " row of " : " rows of ", key.table, key.rows == 1 ? " refers" : " refer", " by ", key.column,
             " to a row of ", key.parent, " that is not there");
}

std::unexpected<Error> foreign_keys_broken(std::vector<Violation> violations, std::string_view when, std::string_view help) {
  std::vector<std::string> what;
  for (const Violation& violation : violations) what.push_back(violation.message);
  return fail(Error{.code = ErrorCode::failed_precondition,
                    .message = str(when, join(what, "; "), ". ", help),
                    .reason = "foreign_keys_broken",
                    .violations = std::move(violations)});
}

Result<> check_before_change(Transaction& transaction) {
  std::vector<Violation> violations;
  for (const BrokenForeignKey& key : TRY(find_broken_foreign_keys(transaction))) {
    Violation& violation = violations.emplace_back(Violation{
        .path = str(key.table, '.', key.column), .code = key.rows == 0 ? "table_missing" : "row_missing", .message = describe(key)});
    if (key.rows == 0) continue;
    violation.message +=
        str(" (SELECT * FROM ", key.table, " WHERE ", key.column, " NOT IN (SELECT ", key.parent_column, " FROM ", key.parent, "))");
  }
  if (violations.empty()) return {};
  return foreign_keys_broken(std::move(violations), "The database was damaged before: ",
                             "Restore a backup, or mend these rows with sqlite3 while Bridge is stopped; then try again");
}

Result<> check_after_change(Transaction& transaction) {
  std::vector<Violation> violations;
  for (const BrokenForeignKey& key : TRY(find_broken_foreign_keys(transaction))) {
    violations.push_back(
        {.path = str(key.table, '.', key.column), .code = key.rows == 0 ? "table_missing" : "row_missing", .message = describe(key)});
  }
  if (violations.empty()) return {};
  return foreign_keys_broken(
      std::move(violations), "After it ",
      "Copy every row before a table is dropped, give the new table the old name, and remove rows together with those that refer to "
      "them (docs/how_to/add_a_migration.md)");
}

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::unique_ptr<soci::session> session) : session_(std::move(session)) {}

  DatabaseKind kind() const override { return DatabaseKind::sqlite; }

  Result<> transact(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    return run(context, Mode::write, work);
  }

  Result<> read(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    return run(context, Mode::read, work);
  }

  Result<> change_schema(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    return run(context, Mode::schema, [&](Transaction& transaction) -> Result<> {
      TRY(check_before_change(transaction));
      TRY(work(transaction));
      return check_after_change(transaction);
    });
  }

  Result<> ping(const CallContext& context) override {
    return read(context, [](Transaction& transaction) -> Result<> {
      TRY(transaction.query("SELECT 1", {}));
      return {};
    });
  }

 private:
  enum class Mode { read, write, schema };

  Result<> run(const CallContext& context, Mode mode, const std::function<Result<>(Transaction&)>& work) {
    if (owner_.load() == std::this_thread::get_id()) return fail(ErrorCode::internal, "A transaction was begun inside another one");
    TRY(context.check());
    const ContextMutex::Lock lock = TRY(acquire(context));
    if (mode != Mode::read && sync_failed_) {
      return fail(Error{.code = ErrorCode::unavailable,
                        .message = "The disk failed to keep an earlier write: check it, then restart Bridge",
                        .reason = "disk_error"});
    }
    int has_moved = 0;
    sqlite::sqlite3_file_control(handle_of(*session_), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    if (has_moved != 0) {  // what is written into a removed file is lost with the process
      return fail(Error{.code = ErrorCode::unavailable,
                        .message = "The data folder was moved or removed while the server runs: put it back, then start the server again",
                        .reason = "data_folder_gone"});
    }
    struct Owner {
      std::atomic<std::thread::id>& id;
      explicit Owner(std::atomic<std::thread::id>& slot) : id(slot) { id = std::this_thread::get_id(); }
      ~Owner() { id = std::thread::id{}; }
    } owner{owner_};
    std::optional<ForeignKeysAtRest> foreign_keys_at_rest;
    if (mode == Mode::schema) foreign_keys_at_rest.emplace(handle_of(*session_));
    TRY(command(mode == Mode::read ? "BEGIN" : "BEGIN IMMEDIATE"));
    const OpenTransaction open(handle_of(*session_));
    SqliteTransaction transaction(*session_);
    Result<> outcome = run_work(transaction, mode, work);
    if (outcome) outcome = command("COMMIT");
    if (!outcome) note_sync_failure();
    return outcome;
  }

  // A reading transaction cannot write, whatever its statements say.
  Result<> run_work(Transaction& transaction, Mode mode, const std::function<Result<>(Transaction&)>& work) {
    if (mode == Mode::read) TRY(command("PRAGMA query_only=ON"));
    Result<> outcome = guarded(*session_, [&] { return work(transaction); });
    if (mode == Mode::read) TRY(command("PRAGMA query_only=OFF"));
    return outcome;
  }

  Result<> command(const char* sql) {
    auto* handle = handle_of(*session_);
    if (sqlite::sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return fail(map_error(sqlite::sqlite3_extended_errcode(handle), str(sql, ": ", sqlite::sqlite3_errmsg(handle))));
  }

  // After a failed fsync the kernel may have dropped the pages and report success the next time: nothing may be written on top.
  void note_sync_failure() {
    const int code = sqlite::sqlite3_extended_errcode(handle_of(*session_));
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) sync_failed_ = true;
  }

  Result<ContextMutex::Lock> acquire(const CallContext& context) {
    ContextMutex::Lock lock = TRY(mutex_.lock(context, kConnectionWaitMax));
    if (!lock)
      return fail(Error{.code = ErrorCode::unavailable,
                        .message = "The metadata database is busy: try again",
                        .reason = "database_busy",
                        .retry_after = std::chrono::seconds(1)});
    return lock;
  }

  std::unique_ptr<soci::session> session_;
  ContextMutex mutex_;
  std::atomic<std::thread::id> owner_;
  bool sync_failed_ = false;  // guarded by mutex_
};

Result<> configure(soci::session& session, bool in_memory) {
  auto* handle = handle_of(session);
  sqlite::sqlite3_extended_result_codes(handle, 1);
  sqlite::sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite::sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  const std::string pragmas = str(
      // The lock is taken on the first access and held until the process ends: a second process is refused instead of racing this one.
      in_memory ? "" : "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;",
      "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;",
      "PRAGMA wal_autocheckpoint=", kWalPagesMax, "; BEGIN IMMEDIATE; COMMIT;");
  if (sqlite::sqlite3_exec(handle, pragmas.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return fail(map_error(sqlite::sqlite3_extended_errcode(handle), sqlite::sqlite3_errmsg(handle)));
}

}  // namespace

Result<std::shared_ptr<Database>> open_sqlite(const std::string& path) {
  const bool in_memory = path == ":memory:";
  if (path.empty() || path.find('"') != std::string::npos || path.find('\0') != std::string::npos)
    return fail(ErrorCode::invalid_argument, "The database's path must not be empty or hold a quote");
  const mode_t before = umask(0077);  // the database, its log and its index are for this user alone
  struct Restore {
    mode_t mode;
    ~Restore() { umask(mode); }
  } restore{before};
  try {
    auto session = std::make_unique<soci::session>(soci::sqlite3, str("dbname=\"", path, "\" timeout=1"));
    TRY(configure(*session, in_memory));
    return std::make_shared<SqliteDatabase>(std::move(session));
  } catch (const soci::sqlite3_soci_error& exception) {
    return fail(map_error(exception.result(), exception.what()));
  } catch (const std::exception& exception) {
    return fail(map_error(SQLITE_CANTOPEN, exception.what()));
  }
}

}  // namespace bridge
