#include "warehouse/postgres/postgres_driver.h"

#include <algorithm>

#include "base/text.h"
#include "warehouse/postgres/catalog.h"
#include "warehouse/postgres/column_statistics.h"
#include "warehouse/postgres/connection_settings.h"
#include "warehouse/postgres/connection_url.h"
#include "warehouse/postgres/postgres_dialect.h"
#include "warehouse/postgres/query_error.h"
#include "warehouse/postgres/result_reader.h"
#include "warehouse/postgres/rights.h"
#include "warehouse/postgres/scan_estimate.h"
#include "warehouse/postgres/session_pool.h"
#include "warehouse/postgres/sql_guard.h"
#include "warehouse/postgres/value_types.h"

namespace bridge {

namespace {

using postgres::FoundTable;
using postgres::GuardedStatement;
using postgres::KnownNames;
using postgres::PreparedStatement;
using postgres::ResultReader;
using postgres::RowView;
using postgres::Session;
using postgres::SessionPool;

constexpr int server_version_min = 130'000;

// A statement that may run, and what it reads.
struct CheckedStatement {
  GuardedStatement guarded;
  std::vector<FoundTable> tables;
  KnownNames names;
};

class PostgresWarehouse final : public Warehouse {
 public:
  explicit PostgresWarehouse(postgres::ConnectionSettings settings) : pool_(std::move(settings)) {}

  const SqlDialect& dialect() const override { return postgres_dialect(); }
  bool is_reading_free() const override { return true; }

  Result<> ping(const CallContext& context) override { return sign_in(context, {}); }

  // The same, with its steps.
  Result<> sign_in(const CallContext& context, const Opening& opening) {
    const SessionPool::Lease session = TRY(pool_.borrow(context, opening));
    if (const int version = session->server_version(); version < server_version_min)
      return fail(ErrorCode::unsupported, "server_too_old",
                  str("The server is PostgreSQL ", version / 10'000, ", and Bridge reads ", server_version_min / 10'000, " and later"));
    TRY(session->query(context, "SELECT 1"));
    return {};
  }

  Result<std::optional<std::vector<std::string>>> check_rights(const CallContext& context) override {
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    return TRY(postgres::excess_rights(context, *session));
  }

  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override {
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    return postgres::list_datasets(context, *session, pool_.settings().host);
  }

  Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view dataset) override {
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    return postgres::list_tables(context, *session, dataset);
  }

  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view dataset,
                                                 std::span<const std::string> names) override {
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    std::vector<TableInfo> tables;
    for (postgres::TableFacts& facts : TRY(postgres::describe_tables(context, *session, types_, dataset, names)))
      tables.push_back(std::move(facts.info));
    return tables;
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset, std::string_view table,
                                                          const StatisticsBudget& budget) override {
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    const std::vector<std::string> names{std::string(table)};
    const auto described = TRY(postgres::describe_tables(context, *session, types_, dataset, names));
    if (described.empty())
      return fail(ErrorCode::not_found, "table_not_found",
                  str("There is no table '", table.substr(0, 100), "', or the role of the connection may not read it"));
    const auto transaction = TRY(Session::Transaction::begin(context, *session));
    const std::string look =
        str("SELECT * FROM ", postgres_dialect().quote_identifier(dataset), ".", postgres_dialect().quote_identifier(table));
    const std::uint64_t look_bytes = TRY(scanned_bytes(context, *session, look, {}, {}));
    return postgres::statistics_of(context, *session, described.front(), look_bytes, budget);
  }

  Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) override {
    GuardedStatement guarded = TRY(postgres::check_statement(sql));
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    const CheckedStatement checked = TRY(check(context, *session, sql, std::move(guarded)));
    SqlReads reads;
    for (std::size_t i = 0; i < checked.tables.size(); ++i) {
      const FoundTable& table = checked.tables[i];
      const auto is_same = [&](const TableRead& read) { return read.dataset == table.schema && read.name == table.name; };
      if (std::ranges::any_of(reads.tables, is_same)) continue;
      TableRead& read = reads.tables.emplace_back(TableRead{.dataset = table.schema, .name = table.name});
      std::tie(read.line, read.column) = postgres::line_and_column(sql, checked.guarded.tables[i].offset);
      for (const std::string& column : table.columns) {
        if (checked.guarded.reads_all_columns || checked.guarded.names.contains(column))
          reads.columns.push_back({.dataset = table.schema, .table = table.name, .column = column});
      }
    }
    std::ranges::sort(reads.columns);
    reads.functions.assign(checked.guarded.functions.begin(), checked.guarded.functions.end());
    return reads;
  }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    GuardedStatement guarded = TRY(postgres::check_statement(query.sql));
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    const CheckedStatement checked = TRY(check(context, *session, query.sql, std::move(guarded)));
    const PreparedStatement prepared = TRY(session->prepare(context, query.sql, query.values, checked.names));
    DryRun dry_run;
    for (postgres::AnswerColumn& column : TRY(answer_columns(context, *session, prepared)))
      dry_run.columns.push_back({.name = std::move(column.name), .type = postgres::column_type_of(column.type.kind)});
    for (const FoundTable& table : checked.tables) {
      if (std::ranges::find(dry_run.tables, table.sql_name) == dry_run.tables.end()) dry_run.tables.push_back(table.sql_name);
    }
    const auto transaction = TRY(Session::Transaction::begin(context, *session));
    dry_run.bytes_scanned = TRY(scanned_bytes(context, *session, query.sql, query.values, prepared));
    dry_run.accuracy = ScanAccuracy::estimate;
    return dry_run;
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    GuardedStatement guarded = TRY(postgres::check_statement(query.sql));
    const SessionPool::Lease session = TRY(pool_.borrow(context));
    const CheckedStatement checked = TRY(check(context, *session, query.sql, std::move(guarded)));
    const PreparedStatement prepared = TRY(session->prepare(context, query.sql, query.values, checked.names));
    std::vector<postgres::AnswerColumn> columns = TRY(answer_columns(context, *session, prepared));
    const auto transaction = TRY(Session::Transaction::begin(context, *session));
    // PostgreSQL has no cap on what a statement reads: the planner's estimate is held against it, and from then on time and rows bound the
    // run.
    if (limits.scanned_bytes_max)
      TRY(check_scanned_bytes(TRY(scanned_bytes(context, *session, query.sql, query.values, prepared)), limits));
    const postgres::ValueFormat format = postgres::format_for(columns);
    ResultReader reader(std::move(columns), format, limits);
    const auto take = [&](const RowView& row) -> Result<bool> {
      if (!TRY(reader.append(row))) return false;
      if (reader.has_batch()) TRY(reader.give(sink));
      return true;
    };
    TRY(session->run(context, query.values, format, take, query.sql));
    TRY(reader.give(sink));
    return reader.streamed();
  }

 private:
  Result<CheckedStatement> check(const CallContext& context, Session& session, std::string_view sql, GuardedStatement guarded) {
    CheckedStatement checked;
    checked.tables = TRY(postgres::find_tables(context, session, guarded, sql));
    checked.guarded = std::move(guarded);
    for (const FoundTable& table : checked.tables)
      checked.names.columns.insert(checked.names.columns.end(), table.columns.begin(), table.columns.end());
    return checked;
  }

  Result<std::vector<postgres::AnswerColumn>> answer_columns(const CallContext& context, Session& session,
                                                             const PreparedStatement& prepared) {
    std::vector<postgres::TypeId> ids;
    for (const postgres::PreparedColumn& column : prepared.columns) ids.push_back(column.type);
    const std::vector<postgres::ValueType> types = TRY(types_.types_of(context, session, ids));
    std::vector<postgres::AnswerColumn> columns;
    for (std::size_t i = 0; i < ids.size(); ++i) columns.push_back({.name = prepared.columns[i].name, .type = types[i]});
    return columns;
  }

  // In a transaction.
  static Result<std::uint64_t> scanned_bytes(const CallContext& context, Session& session, const std::string& sql,
                                             std::span<const SqlValue> values, const PreparedStatement& prepared) {
    const std::string explained = TRY(session.explain(context, sql, values, prepared));
    const postgres::ScanPlan plan = TRY(postgres::read_plan(explained));
    return postgres::estimate_bytes(plan, TRY(postgres::relation_sizes(context, session, plan)));
  }

  SessionPool pool_;
  postgres::TypeCatalog types_;
};

class PostgresDriver final : public WarehouseDriver {
 public:
  explicit PostgresDriver(AllowedNetworks networks) : networks_(std::move(networks)) {}

  std::string type() const override { return "postgres"; }
  std::string title() const override { return "PostgreSQL"; }
  std::vector<CredentialField> fields() const override { return postgres::credential_fields(); }
  const SqlDialect& dialect() const override { return postgres_dialect(); }

  Result<std::map<std::string, Secret>> spelled_out(std::map<std::string, Secret> credentials) const override {
    const auto url = credentials.extract("url");
    if (url.empty() || trim(url.mapped().reveal()).empty()) return credentials;
    for (auto& [name, value] : TRY(postgres::fields_of_url(url.mapped()))) {
      if (credentials.emplace(name, std::move(value)).second) continue;
      const std::string message = str("'", name, "' is said twice, by the address too: leave one out");
      return fail(Error{.code = ErrorCode::invalid_argument,
                        .message = message,
                        .reason = "field_twice",
                        .violations = {{.path = str("credentials.", name), .code = "field_twice", .message = message}}});
    }
    return credentials;
  }

  Result<> check_fields(const std::map<std::string, Secret>& credentials) const override {
    TRY(postgres::check_settings(credentials));
    return {};
  }

  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials,
                                          const Opening& opening) override {
    TRY(context.check());
    postgres::ConnectionSettings settings = TRY(postgres::check_settings(credentials));
    settings.networks = networks_;
    settings.named_by = opening.named_by;
    auto warehouse = std::make_shared<PostgresWarehouse>(std::move(settings));
    TRY(warehouse->sign_in(context, opening));
    return warehouse;
  }

 private:
  const AllowedNetworks networks_;
};

}  // namespace

std::shared_ptr<WarehouseDriver> make_postgres_driver(DriverParts parts) {
  postgres::forget_environment();
  return std::make_shared<PostgresDriver>(std::move(parts.networks));
}

}  // namespace bridge
