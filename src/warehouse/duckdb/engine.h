#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/warehouse.h"

struct _duckdb_connection;
struct _duckdb_database;

namespace bridge::duckdb {

struct EngineOptions {
  std::string database_file;                // opened read-only; empty: in memory
  std::vector<std::string> readable_files;  // all that its queries may read from disk beside the database file
  std::uint64_t memory_max = memory_max_bytes;
  std::uint64_t memory_share = data_memory_share;   // at most this part of what the process may take
  std::optional<std::uint64_t> process_memory_max;  // which is this; nothing: what the system says
  unsigned threads = 0;                             // 0: those of the machine
  std::size_t sessions = 0;                         // 0: the module's limit
};

// Stops the work of a connection when its call is cancelled or out of time.
class QueryWatch;

// One connection, used by one call at a time.
class Session final {
 public:
  struct Prepared;

  Session(_duckdb_connection* connection, std::shared_ptr<QueryWatch> watch);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The columns of a SELECT's answer, without running it. invalid_argument with a violation when it does not bind.
  Result<std::vector<ColumnName>> describe(const CallContext& context, const BoundQuery& query);

  // The names and DuckDB's own types of a SELECT's answer: "DECIMAL(18,2)".
  Result<std::vector<ColumnInfo>> describe_columns(const std::string& sql);

  // Runs one SELECT and nothing else.
  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink);
  Result<QueryResult> run(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits);

  // The plan that the optimizer makes with these values, as DuckDB's JSON.
  Result<std::string> explain(const CallContext& context, const BoundQuery& query);

  // Runs a statement of Bridge's own, without an answer.
  Result<> command(const CallContext& context, const std::string& sql);

  // Makes a table of this connection alone and fills it.
  Result<> create_temporary_table(const CallContext& context, const std::string& name, const QueryResult& rows);

 private:
  Result<std::unique_ptr<Prepared>> prepare_new(const std::string& sql);
  Result<Prepared*> prepare(const std::string& sql);
  Result<QueryResult> query_directly(const CallContext& context, const std::string& sql);
  Result<Streamed> execute(const CallContext& context, Prepared& statement, const BoundQuery& query, const ExecuteLimits& limits,
                           BatchSink& sink);

  _duckdb_connection* connection_;
  std::shared_ptr<QueryWatch> watch_;
  std::list<std::unique_ptr<Prepared>> prepared_;  // the latest used first
};

// An open DuckDB database with a fixed set of connections. Hardened when it opens: no file or network but what the options name, no
// extensions, no change of configuration. Thread-safe.
class Engine final : public std::enable_shared_from_this<Engine> {
 public:
  // On failure `message` is for a person and `detail` is DuckDB's own text.
  static Result<std::shared_ptr<Engine>> open(const EngineOptions& options);
  ~Engine();

  // Gives the session back when it goes out of scope.
  class Lease {
   public:
    Lease(std::shared_ptr<Engine> engine, Session* session) : engine_(std::move(engine)), session_(session) {}
    Lease(Lease&& other) noexcept : engine_(std::move(other.engine_)), session_(std::exchange(other.session_, nullptr)) {}
    Lease(const Lease&) = delete;
    ~Lease() {
      if (session_) engine_->give_back(session_);
    }
    Session* operator->() const { return session_; }
    Session& operator*() const { return *session_; }

   private:
    std::shared_ptr<Engine> engine_;
    Session* session_;
  };

  // Waits for a free session until the call's deadline.
  Result<Lease> borrow(const CallContext& context);

 private:
  Engine() = default;
  void give_back(Session* session);

  _duckdb_database* database_ = nullptr;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::mutex mutex_;
  std::condition_variable_any session_is_free_;
  std::vector<Session*> free_sessions_;  // the latest used last, so that its prepared statements are used again
};

// "can't" → "'can''t'"
std::string quote_text(std::string_view text);

// Line and column, from 1, of a byte offset.
std::pair<int, int> line_and_column(std::string_view sql, std::size_t offset);

}  // namespace bridge::duckdb
