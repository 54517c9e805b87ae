#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/postgres/connection_settings.h"
#include "warehouse/postgres/query_error.h"
#include "warehouse/warehouse.h"

struct pg_conn;
struct pg_result;

namespace bridge::postgres {

using TypeId = std::uint32_t;  // an oid of pg_type; 0: what the SQL makes of it

// A column of a prepared statement.
struct PreparedColumn {
  std::string name;
  TypeId type = 0;  // of a domain the type beneath it
  int modifier = -1;
};

struct PreparedStatement {
  std::vector<PreparedColumn> columns;
  std::vector<TypeId> parameters;
};

enum class ValueFormat : std::uint8_t { text = 0, binary = 1 };

// One row of an answer, for as long as it is looked at.
class RowView final {
 public:
  explicit RowView(const pg_result* result) : result_(result) {}
  bool is_null(std::size_t column) const;
  std::string_view value(std::size_t column) const;
  std::size_t column_count() const;

 private:
  const pg_result* result_;
};

// Whether it wants more rows; an error ends the statement and is what run() gives.
using TakeRow = std::function<Result<bool>(const RowView&)>;

using TextRow = std::vector<std::optional<std::string>>;

// One connection to a server, for one call at a time. Whatever waits looks at the call's deadline and stop, and then asks the server to
// cancel, and waits until it has: only then the session can be used again.
class Session final {
 public:
  // Resolves once, checks every address, connects to one of them, and signs in; the errors name the step and what mends it.
  static Result<std::unique_ptr<Session>> connect(const CallContext& context, const ConnectionSettings& settings,
                                                  const Opening& opening = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Clears whatever a statement may have left in the server's session, and sets how it reads and writes values.
  Result<> make_clean(const CallContext& context);

  // Statements of people and models, prepared by the extended protocol, which takes one alone. Errors are about `sql`.
  Result<PreparedStatement> prepare(const CallContext& context, const std::string& sql, std::span<const SqlValue> values,
                                    const KnownNames& names);

  // While it lives, statements run in a transaction that reads one state of the data and cannot write, within the call's time.
  class Transaction final {
   public:
    static Result<std::unique_ptr<Transaction>> begin(const CallContext& context, Session& session);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

   private:
    explicit Transaction(Session& session) : session_(session) {}
    Session& session_;
  };

  // Runs what was prepared, row by row. Whether all rows were taken.
  Result<bool> run(const CallContext& context, std::span<const SqlValue> values, ValueFormat format, const TakeRow& take,
                   const std::string& sql);
  // What the server's planner makes of the statement, as JSON.
  Result<std::string> explain(const CallContext& context, const std::string& sql, std::span<const SqlValue> values,
                              const PreparedStatement& prepared);

  // Bridge's own SQL, with values as text.
  Result<std::vector<TextRow>> query(const CallContext& context, const std::string& sql, const std::vector<std::string>& values = {});

  // Whether nothing is under way and the server has not closed it.
  bool is_usable() const;
  std::chrono::steady_clock::time_point connected_at() const { return connected_at_; }
  int server_version() const;  // 150004
  // Closes it instead of giving it to another call.
  void give_up() { is_broken_ = true; }

 private:
  friend class Transaction;
  struct Closer {
    void operator()(pg_conn* connection) const;
  };
  struct ResultClearer {
    void operator()(pg_result* result) const;
  };
  using Answer = std::unique_ptr<pg_result, ResultClearer>;

  explicit Session(pg_conn* connection);
  Result<Answer> next_answer(const CallContext& context);  // null: no more
  Result<> simple(const CallContext& context, const std::string& sql);
  Result<> drain(const CallContext& context);
  // Set once it was sent; null: it could not be.
  using CancelRequest = std::shared_ptr<const std::atomic<bool>>;
  CancelRequest cancel();
  void wait_for_cancel(const CancelRequest& request, std::chrono::steady_clock::time_point give_up_at);
  ServerFailure failure_of(const pg_result* answer) const;
  ServerFailure connection_failure() const;

  std::unique_ptr<pg_conn, Closer> connection_;
  std::chrono::steady_clock::time_point connected_at_;
  bool is_broken_ = false;
  bool has_statement_ = false;  // that was prepared
};

// What libpq would take from the process's environment where a connection does not say it: services, options, files. Called where no other
// thread reads it.
void forget_environment();

// invalid_argument when a value cannot be sent: a date that is none, a text with the character 0.
Result<> check_values(std::span<const SqlValue> values);

}  // namespace bridge::postgres
