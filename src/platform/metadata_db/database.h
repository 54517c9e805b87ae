#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "base/result.h"

namespace bridge {

using DbValue = std::variant<std::nullptr_t, std::int64_t, double, std::string>;

struct DbRow {
  std::vector<DbValue> values;  // in the order of the statement's columns
};

// Statements of one transaction. Placeholders are `:p1`, `:p2`, … in every dialect. Only constant SQL text is passed: values are bound.
// Unique violations are already_exists, broken foreign keys failed_precondition, a full disk resource_exhausted ("disk_full"), a lost
// connection unavailable. Not thread-safe.
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Result<std::vector<DbRow>> query(std::string_view sql, const std::vector<DbValue>& values) = 0;
  // The number of rows changed.
  virtual Result<std::int64_t> execute(std::string_view sql, const std::vector<DbValue>& values) = 0;
  // Names of the tables there are now, sorted, without the engine's own.
  virtual Result<std::vector<std::string>> list_tables() = 0;
};

enum class DatabaseKind : std::uint8_t { sqlite, postgresql };

// The directory: small rows that point at things. Thread-safe.
class Database {
 public:
  virtual ~Database() = default;
  virtual DatabaseKind kind() const = 0;

  // Runs `work` in a transaction: committed when it returns a value, rolled back when it returns an error.
  virtual Result<> transact(const CallContext& context, const std::function<Result<>(Transaction&)>& work) = 0;
  // The same without a write: may run beside others.
  virtual Result<> read(const CallContext& context, const std::function<Result<>(Transaction&)>& work) = 0;
  // A transaction that changes the tables themselves, one at a time across processes. While it runs no foreign key cascades or refuses, so
  // that a table which others refer to can be replaced. Before the commit every foreign key is followed: where one leads nowhere,
  // everything is rolled back (failed_precondition, "foreign_keys_broken", one violation each: `path` is "table.column", `message` says how
  // many rows and how to see them). They were broken before: the same, without running `work`. Foreign keys guard again whatever happens.
  virtual Result<> change_schema(const CallContext& context, const std::function<Result<>(Transaction&)>& work) = 0;
  virtual Result<> ping(const CallContext& context) = 0;
};

// A SQLite file (made when missing), or a private in-memory database for ":memory:". WAL, synchronous=FULL, foreign keys on, and exactly
// one connection, because the write-ahead log of SQLite before 3.51.3 can be corrupted by two.
Result<std::shared_ptr<Database>> open_sqlite(const std::string& path);

}  // namespace bridge
