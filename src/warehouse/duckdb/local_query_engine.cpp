#include "warehouse/duckdb/local_query_engine.h"

#include "base/text.h"
#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/duckdb/duckdb_library.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/private_engine.h"
#include "warehouse/duckdb/sql_guard.h"

namespace bridge {

namespace {

class DuckdbLocalQueryEngine final : public LocalQueryEngine {
 public:
  Result<> load() const override { return duckdb::load_duckdb_library(); }
  const SqlDialect& dialect() const override { return duckdb_dialect(); }

  Result<QueryResult> execute(const CallContext& context, const BoundQuery& query, const std::map<std::string, const QueryResult*>& tables,
                              const ExecuteLimits& limits) override {
    const duckdb::GuardedStatement statement = TRY(duckdb::StatementGuard(TRY(duckdb::parser_engine())).check(context, query.sql));
    for (const duckdb::TableReference& reference : statement.tables) {
      const auto found = std::ranges::find_if(tables, [&](const auto& table) { return lower(table.first) == lower(reference.name); });
      if (found == tables.end() || !reference.schema.empty() || !reference.catalog.empty()) return fail(unknown_table(reference, tables));
    }
    const auto session = TRY(TRY(duckdb::answer_engine())->borrow(context));
    // Temporary tables belong to the connection, which no other call has now.
    struct Dropped {
      duckdb::Session& session;
      std::vector<std::string> names;
      ~Dropped() {
        for (const std::string& name : names)
          (void)session.command({}, str("DROP TABLE IF EXISTS temp.main.", duckdb_dialect().quote_identifier(name)));
      }
    } dropped{*session, {}};
    for (const auto& [name, rows] : tables) {
      const bool is_used =
          std::ranges::any_of(statement.tables, [&](const auto& reference) { return lower(reference.name) == lower(name); });
      if (!is_used) continue;
      dropped.names.push_back(name);
      TRY(session->create_temporary_table(context, name, *rows));
    }
    return session->run(context, query, limits);
  }

 private:
  static Error unknown_table(const duckdb::TableReference& reference, const std::map<std::string, const QueryResult*>& tables) {
    std::vector<std::string> names;
    for (const auto& [name, rows] : tables) names.push_back(name);
    Violation violation{
        .path = "sql", .line = reference.line, .column = reference.column, .code = "sql_invalid", .got = reference.name.substr(0, 200)};
    violation.message = str("There is no query '", violation.got, "' among those that this one is made from");
    if (const auto near = nearest_name(reference.name, names)) violation.suggestion = *near;
    violation.allowed = std::move(names);
    return {.code = ErrorCode::invalid_argument, .message = violation.message, .reason = "sql_invalid", .violations = {violation}};
  }
};

}  // namespace

std::shared_ptr<LocalQueryEngine> make_duckdb_local_query_engine() { return std::make_shared<DuckdbLocalQueryEngine>(); }

}  // namespace bridge
