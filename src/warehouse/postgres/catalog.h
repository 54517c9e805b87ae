#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/postgres/scan_estimate.h"
#include "warehouse/postgres/session.h"
#include "warehouse/postgres/sql_guard.h"
#include "warehouse/postgres/value_types.h"
#include "warehouse/warehouse.h"

namespace bridge::postgres {

// What a server's catalog tells; the sessions have nothing under way. Schemas of the server itself, and what the role may not read, are not
// there. A partitioned table is one table; its partitions are not listed.

Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context, Session& session, const std::string& location);
// not_found when there is no such schema.
Result<std::vector<TableName>> list_tables(const CallContext& context, Session& session, std::string_view dataset);

// What statistics need beyond what people see.
struct TableFacts {
  TableInfo info;
  std::vector<ValueType> types;  // of its columns
  bool can_be_sampled = false;   // by TABLESAMPLE
};
// Rows of tables that were never analysed, and of views, are what the planner takes them for. not_found as above.
Result<std::vector<TableFacts>> describe_tables(const CallContext& context, Session& session, TypeCatalog& types, std::string_view dataset,
                                                std::span<const std::string> names);

// A table that stands in a statement.
struct FoundTable {
  std::string schema;
  std::string name;
  std::string sql_name;
  std::vector<std::string> columns;
};
// One for each reference, in their order. invalid_argument with a violation for the first that is not there, or is the server's own; and
// for a function of the database that is named as an allowed one and would be called in its place.
Result<std::vector<FoundTable>> find_tables(const CallContext& context, Session& session, const GuardedStatement& statement,
                                            std::string_view sql);

// Of all tables and indexes that a plan looks at.
Result<RelationSizes> relation_sizes(const CallContext& context, Session& session, const ScanPlan& plan);

// {"a","b"}: how PostgreSQL reads a list of texts.
std::string array_literal(std::span<const std::string> texts);

}  // namespace bridge::postgres
