#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/sqlite/result_reader.h"
#include "warehouse/warehouse.h"

struct sqlite3_stmt;

namespace bridge::sqlite {

// Says which tables a statement may read: those of the warehouse, without SQLite's own.
class ReadableTables {
 public:
  virtual ~ReadableTables() = default;
  virtual bool is_readable(std::string_view table) const = 0;
  // Whether there is such a table in the file that may not be read.
  virtual bool is_hidden(std::string_view table) const = 0;
  // For errors: all tables, or all columns of the tables that stand in the SQL.
  virtual std::vector<std::string> table_names() const = 0;
  virtual std::vector<std::string> column_names(std::string_view sql) const = 0;
};

struct StatementCloser {
  void operator()(sqlite3_stmt* statement) const;
};
using Statement = std::unique_ptr<sqlite3_stmt, StatementCloser>;

// What a guarded statement reads itself, and not through a view.
struct ReadColumn {
  std::string table;
  std::string column;  // empty: rows without any column

  auto operator<=>(const ReadColumn&) const = default;
};

// One read-only connection to a file, hardened when it opens: nothing attached, no extensions, no writing, limits on all that a statement
// can make. Used by one call at a time.
class Connection final {
 public:
  // `is_immutable`: nobody writes to the file while it is open, so that nothing is locked and no file is made beside it.
  static Result<std::unique_ptr<Connection>> open(const CallContext& context, const std::filesystem::path& file, bool is_immutable);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // While it lives, statements of this connection stop when its call is cancelled or out of time.
  class Call final {
   public:
    Call(Connection& connection, const CallContext& context);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Connection& connection_;
    const CallContext* context_before_;
    CallContext::Clock::time_point started_before_;
  };

  // A statement of Bridge's own.
  Result<Statement> prepare(const std::string& sql);
  // One SELECT of a person or a model over the tables. invalid_argument with a violation ("sql_not_allowed" or "sql_invalid") when it is
  // anything else. Its errors, also those while it runs, name what `tables` knows; it outlives the statement.
  Result<Statement> prepare_guarded(const std::string& sql, const ReadableTables& tables);
  // Of the guarded statement, sorted, each once.
  std::vector<ReadColumn> reads() const;
  std::vector<std::string> functions() const;  // in lower case

  // Binds in order. invalid_argument when there are more or fewer values than placeholders, or a date is none.
  // SQLite compares moments as text: they are written in the given form.
  Result<> bind(sqlite3_stmt* statement, const std::vector<SqlValue>& values, const TimestampForm& form = {});
  // Whether there is another row.
  Result<bool> step(sqlite3_stmt* statement);
  // Runs it to its end, or to a limit.
  Result<Streamed> stream(sqlite3_stmt* statement, const std::vector<AnswerColumn>& columns, const ExecuteLimits& limits, BatchSink& sink);

  // Bridge's own: whole numbers, numbers and texts as they are kept.
  Result<QueryResult> run(const CallContext& context, const std::string& sql, const std::vector<SqlValue>& values = {},
                          const ExecuteLimits& limits = {});

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  Error failure(int code, std::string_view sql);

  std::unique_ptr<State> state_;
};

// The columns of a statement's answer, whose types only the values tell.
std::vector<AnswerColumn> names_of(sqlite3_stmt* statement);

}  // namespace bridge::sqlite
