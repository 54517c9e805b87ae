#include "features/dashboard_generation/find_table.h"

#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

constexpr std::size_t kTablesSearchedMax = 5'000;
constexpr std::size_t kNamesShownMax = 50;

// 0: not this one; larger is nearer.
int match(const TableInfo& table, std::string_view name) {
  const std::string qualified = str(table.dataset, ".", table.name);
  if (name == table.sql_name) return 4;
  if (name == qualified) return 3;
  if (name == table.name) return 2;
  const std::string wanted = lower(name);
  return wanted == lower(qualified) || wanted == lower(table.name) || wanted == lower(table.sql_name) ? 1 : 0;
}

std::unexpected<Error> unknown_table(std::string_view name, const std::vector<TableInfo>& tables) {
  Violation violation{.path = "table", .code = "unknown_table", .got = std::string(name.substr(0, 100))};
  for (const TableInfo& table : tables) {
    if (violation.allowed.size() < kNamesShownMax) violation.allowed.push_back(table.sql_name);
  }
  violation.message = str("There is no table '", violation.got, "'");
  if (const auto near = nearest_name(violation.got, violation.allowed)) violation.suggestion = *near;
  const std::string message = violation.suggestion.empty() ? violation.message : str(violation.message, ": did you mean ", violation.suggestion, "?");
  return fail(Error{.code = ErrorCode::not_found, .message = message, .reason = "unknown_table", .violations = {violation}});
}

}  // namespace

Result<TableInfo> find_table(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection, std::string_view name) {
  const std::vector<TableInfo> tables = TRY(list_all_tables(context, catalog, connection, kTablesSearchedMax));
  const TableInfo* best = nullptr;
  int best_match = 0;
  bool several = false;
  for (const TableInfo& table : tables) {
    const int found = match(table, name);
    if (found == 0 || found < best_match) continue;
    several = found == best_match;
    best_match = found;
    best = &table;
  }
  if (!best) return unknown_table(name, tables);
  if (several) return fail(ErrorCode::invalid_argument, "ambiguous_table", str("Several datasets have a table '", name.substr(0, 100), "': name it as dataset.table"));
  return *best;
}

Result<std::vector<TableInfo>> list_all_tables(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection, std::size_t tables_max) {
  std::vector<TableInfo> all;
  for (const DatasetInfo& dataset : TRY(catalog.list_datasets(context, connection))) {
    for (TableInfo& table : TRY(catalog.list_tables(context, connection, dataset.name))) {
      if (all.size() >= tables_max) return all;
      all.push_back(std::move(table));
    }
  }
  return all;
}

}  // namespace bridge
