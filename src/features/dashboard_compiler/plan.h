#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "features/dashboard_compiler/parameters.h"
#include "features/dashboard_documents/document.h"
#include "warehouse/warehouse.h"

// What has to run for a dashboard, in which order, and under which limits.

namespace bridge {

// A result that a `from:` query reads as a table.
struct Dependency {
  std::string table;     // as its SQL names it
  std::string query_id;  // whose answer it is
};

struct PlannedQuery {
  std::string id;         // "total", or "total@previous_period"
  std::string source_id;  // the document's query
  bool previous_period = false;
  bool local = false;  // runs inside Bridge, on the answers of `dependencies`
  std::vector<Dependency> dependencies;
  int stage = 0;                            // after all its dependencies; queries of one stage may run side by side
  PlacedBlock text;                         // its SQL as the document has it
  std::shared_ptr<const ScannedSql> sql;    // the same, taken apart
  std::vector<std::string> parameters;      // that its own SQL uses
  std::vector<std::string> all_parameters;  // and those of its dependencies
  std::int64_t ttl_ms = 0;
  std::int64_t max_stale_ms = 0;
  std::string refresh;  // when to run it without being asked, see schedule.h; empty: never
};

// A compiled document, parameters unbound: cacheable by version, immutable.
struct Plan {
  std::string slug;
  int version = 0;
  std::string connection;
  const SqlDialect* dialect = nullptr;  // in which the SQL for the connection was read without a problem; null where it was not
  ViewType view_type = ViewType::analytical;
  DocumentPolicy policy;
  std::vector<DocumentParameter> parameters;
  std::vector<PlannedQuery> queries;  // by stage, then in the document's order
  int stage_count = 0;

  const PlannedQuery* find(std::string_view id) const;
};

// `dialect` is that of the document's connection. Where it is not known yet (null), the SQL is read as the local engine's, and what is
// wrong with it is left to in_dialect. Fails with invalid_argument ("invalid_document") on unknown names, on cycles, which it shows as "a →
// b → a", and on SQL that the dialect cannot take apart.
Result<Plan> compile_dashboard(const DashboardDocument& document, const SqlDialect* dialect = nullptr);

// The same plan with the SQL for the connection read in its dialect: parameters stand where that has no texts and comments. Fails with
// invalid_argument ("invalid_document") on SQL that it cannot take apart.
Result<Plan> in_dialect(Plan plan, const SqlDialect& dialect);

// The limits of one query; smaller is stricter.
struct QueryLimits {
  std::uint64_t bytes_max = 100'000'000;
  std::int64_t timeout_ms = 30'000;
  std::size_t rows_max = 5'000;
};
// The smaller of each.
QueryLimits lower_limits(const QueryLimits& limits, const DocumentPolicy& policy);

// The days that a date_range parameter of a query stood for.
struct UsedPeriod {
  std::string parameter;
  std::optional<std::string> from;  // a missing side is open
  std::optional<std::string> to;
  std::optional<std::string> newest_day;  // of the data, where the period was counted from it
};

struct BoundPlanQuery {
  std::string id;
  std::string source_id;
  bool local = false;
  BoundSql bound;
  std::vector<Dependency> dependencies;
  int stage = 0;
  QueryLimits limits;
  std::int64_t ttl_ms = 0;
  std::int64_t max_stale_ms = 0;
  std::string text_hash;            // SHA-256 of SQL and values, as hex
  std::vector<UsedPeriod> periods;  // of the date_range parameters that it and what it reads use
};

struct BoundPlan {
  std::vector<BoundPlanQuery> queries;  // by stage
  int stage_count = 0;

  const BoundPlanQuery* find(std::string_view id) const;
};

struct BindInput {
  ParameterValues values;                 // see read_parameter_values
  QueryLimits limits;                     // of the connection and the caller
  const SqlDialect* warehouse = nullptr;  // how the connection's engine writes placeholders
  const SqlDialect* local = nullptr;      // and the engine of `from:` queries
  std::vector<std::string> only;          // ids to bind, their dependencies included; empty for all
};

// Values in, limits merged. The queries of a previous period are left out when the period is open or at `all`.
Result<BoundPlan> bind_plan(const Plan& plan, const BindInput& input);

// The ids on a cycle of `from:`, first and last the same; empty when there is none.
std::vector<std::string> find_cycle(const DashboardDocument& document);

// How a query's SQL is read: as its connection's, or as the local engine's where it reads other queries.
const SqlDialect& dialect_of(const DocumentQuery& query, const SqlDialect& connection);

// The parameters that a query uses, also through the queries that it reads. For documents without cycles.
std::vector<std::string> parameters_of(const DashboardDocument& document, const DocumentQuery& query, const SqlDialect& connection);

}  // namespace bridge
