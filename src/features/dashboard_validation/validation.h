#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "features/dashboard_compiler/plan.h"
#include "features/dashboard_documents/document.h"
#include "warehouse/warehouse.h"

// Four levels: syntax, schema, references, dry run. All problems of a level come at once; the next level is looked at when there are none.

namespace bridge {

// What the wire and the model see.
struct ValidationReport {
  bool valid = true;
  std::vector<Violation> errors;
  std::vector<Violation> warnings;
};
BOOST_DESCRIBE_STRUCT(ValidationReport, (), (valid, errors, warnings))

struct Validation {
  ValidationReport report;
  std::optional<DashboardDocument> document;               // when syntax and schema are right
  std::map<std::string, std::vector<ColumnName>> columns;  // by query, from the dry run
  std::uint64_t bytes_scanned = 0;                         // of all queries together, from the dry run
};

// What is known outside the document; empty where it is not to be checked.
struct ReferenceContext {
  std::optional<std::vector<std::string>> connections;  // of the team
  std::optional<std::string> slug;                      // that the document is kept under
  // How a connection's SQL is written; null, or no function, where that is not known: then it is read as the local engine's.
  std::function<const SqlDialect*(std::string_view connection)> dialect_of;
};

// Where the queries are tried, with the parameters at their defaults.
struct DryRunTarget {
  Warehouse& warehouse;
  LocalQueryEngine& local;  // `from:` queries run there on empty tables, which tells their columns
  QueryLimits limits;       // of the connection and the caller
  Day today;
};

// The first three levels. Pure.
Validation validate_document(std::string_view text, const ReferenceContext& references = {});

// The fourth: adds to `validation`, which must be valid so far. Fails only with what is not the document's fault: cancelled,
// deadline_exceeded, unavailable, internal.
Result<> validate_by_dry_run(const CallContext& context, const DryRunTarget& target, Validation& validation);

// "The dashboard has 3 problems: …" with all of them.
Error validation_error(const ValidationReport& report);

}  // namespace bridge
