#include "warehouse/postgres/catalog.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "warehouse/postgres/limits.h"
#include "warehouse/postgres/postgres_dialect.h"
#include "warehouse/postgres/query_error.h"

namespace bridge::postgres {

namespace {

// Schemas that people make; n is pg_namespace.
constexpr std::string_view is_a_dataset =
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')";
// What can be read as a table; c is pg_class.
constexpr std::string_view is_a_table =
    "c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR "
    "pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))";

bool is_own_schema(std::string_view schema) { return schema.starts_with("pg_") || schema == "information_schema"; }

std::int64_t whole(const std::optional<std::string>& cell) {
  double number = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
  return std::isfinite(number) ? static_cast<std::int64_t>(std::min(std::max(number, 0.0), 9e18)) : 0;
}

TableType table_type_of(const std::optional<std::string>& kind) {
  if (kind == "v") return TableType::view;
  if (kind == "m") return TableType::materialized_view;
  if (kind == "f") return TableType::external;
  return TableType::table;
}

std::string sql_name_of(const std::string& schema, const std::string& name, bool is_visible) {
  const SqlDialect& dialect = postgres_dialect();
  return is_visible ? dialect.identifier(name) : str(dialect.identifier(schema), ".", dialect.identifier(name));
}

Result<> check_dataset(const CallContext& context, Session& session, std::string_view dataset) {
  if (dataset.contains('\0')) return fail(ErrorCode::not_found, "dataset_not_found", "There is no such dataset");
  const auto found =
      TRY(session.query(context, str("SELECT 1 FROM pg_catalog.pg_namespace n WHERE n.nspname = CAST($1 AS text) AND ", is_a_dataset),
                        {std::string(dataset)}));
  if (!found.empty()) return {};
  return fail(ErrorCode::not_found, "dataset_not_found",
              str("There is no dataset '", dataset.substr(0, 100), "', or the role of the connection may not use it"));
}

// What the planner takes the rows of a table for.
std::int64_t planned_rows(const CallContext& context, Session& session, const std::string& sql_name) {
  const auto rows = session.query(context, "EXPLAIN (FORMAT JSON) SELECT * FROM " + sql_name);
  if (!rows || rows->empty() || !rows->front()[0]) return 0;
  const auto plan = parse_json(*rows->front()[0], {.depth_max = tree_depth_max});
  if (!plan || !plan->is_array() || plan->get_array().empty()) return 0;
  const json::object* first = plan->get_array().front().if_object();
  const json::value* root = first ? first->if_contains("Plan") : nullptr;
  const json::value* count = root && root->is_object() ? root->get_object().if_contains("Plan Rows") : nullptr;
  return count && count->is_number() ? static_cast<std::int64_t>(count->to_number<double>()) : 0;
}

std::vector<std::string> texts_of_json(const std::optional<std::string>& cell) {
  std::vector<std::string> texts;
  const auto parsed = cell ? parse_json(*cell) : Result<json::value>(json::array());
  if (!parsed || !parsed->is_array()) return texts;
  for (const json::value& item : parsed->get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

}  // namespace

std::string array_literal(std::span<const std::string> texts) {
  std::string out = "{";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    out += str('"', replace_all(replace_all(text, "\\", "\\\\"), "\"", "\\\""), '"');
  }
  return out + "}";
}

Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context, Session& session, const std::string& location) {
  const auto rows = TRY(session.query(
      context, str("SELECT n.nspname, pg_catalog.obj_description(n.oid, 'pg_namespace'), (SELECT count(*) FROM pg_catalog.pg_class c WHERE "
                   "c.relnamespace = n.oid AND ",
                   is_a_table, ") FROM pg_catalog.pg_namespace n WHERE ", is_a_dataset, " ORDER BY n.nspname")));
  std::vector<DatasetInfo> datasets;
  for (const TextRow& row : rows)
    datasets.push_back(
        {.name = row[0].value_or(""), .description = row[1].value_or(""), .location = location, .table_count = whole(row[2])});
  return datasets;
}

Result<std::vector<TableName>> list_tables(const CallContext& context, Session& session, std::string_view dataset) {
  TRY(check_dataset(context, session, dataset));
  const auto rows = TRY(session.query(
      context,
      str("SELECT c.relname, c.relkind, pg_catalog.pg_table_is_visible(c.oid) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
          "ON n.oid = c.relnamespace WHERE n.nspname = CAST($1 AS text) AND ",
          is_a_table, " ORDER BY c.relname LIMIT ", tables_max),
      {std::string(dataset)}));
  std::vector<TableName> tables;
  for (const TextRow& row : rows) {
    const std::string name = row[0].value_or("");
    tables.push_back({.name = name, .sql_name = sql_name_of(std::string(dataset), name, row[2] == "t"), .type = table_type_of(row[1])});
  }
  return tables;
}

Result<std::vector<TableFacts>> describe_tables(const CallContext& context, Session& session, TypeCatalog& types, std::string_view dataset,
                                                std::span<const std::string> names) {
  TRY(check_dataset(context, session, dataset));
  std::vector<std::string> asked;  // what PostgreSQL can hold as a name
  std::ranges::copy_if(names, std::back_inserter(asked),
                       [](const std::string& name) { return !name.contains('\0') && is_valid_utf8(name); });
  if (asked.empty()) return std::vector<TableFacts>{};
  const std::vector<std::string> values{std::string(dataset), array_literal(asked)};
  const std::string from =
      str(" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = CAST($1 AS text) AND "
          "c.relname = "
          "ANY (CAST($2 AS text[])) AND ",
          is_a_table);
  // A partitioned table has no rows of its own.
  const auto tables = TRY(session.query(
      context,
      str("SELECT c.oid, c.relname, c.relkind, pg_catalog.pg_table_is_visible(c.oid), pg_catalog.obj_description(c.oid, 'pg_class'), "
          "CASE WHEN c.relkind = 'p' THEN (SELECT sum(greatest(leaf.reltuples, 0)) FROM pg_catalog.pg_partition_tree(c.oid) p JOIN "
          "pg_catalog.pg_class leaf ON leaf.oid = p.relid WHERE p.isleaf) ELSE c.reltuples END, "
          "CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_catalog.pg_table_size(p.relid)) FROM pg_catalog.pg_partition_tree(c.oid) p WHERE "
          "p.isleaf) WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) END",
          from),
      values));
  const auto columns = TRY(session.query(
      context,
      str("SELECT c.oid, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, "
          "pg_catalog.col_description(c.oid, a.attnum), coalesce(a.attnum = ANY (part.partattrs), false) "
          "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
          "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
          "LEFT JOIN pg_catalog.pg_partitioned_table part ON part.partrelid = c.oid "
          "WHERE n.nspname = CAST($1 AS text) AND c.relname = ANY (CAST($2 AS text[])) AND ",
          is_a_table,
          " AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')) "
          "ORDER BY c.oid, a.attnum"),
      values));
  const auto columns_of = [](std::string_view table, std::string_view numbers) {
    return str("(SELECT pg_catalog.json_agg(a.attname ORDER BY u.place) FROM pg_catalog.unnest(", numbers,
               ") WITH ORDINALITY u(number, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = ", table, " AND a.attnum = u.number)");
  };
  // Keys to what the role may not read are none.
  const auto keys = TRY(session.query(
      context,
      str("SELECT c.oid, ", columns_of("k.conrelid", "k.conkey"), ", r.relname, rn.nspname, pg_catalog.pg_table_is_visible(r.oid), ",
          columns_of("k.confrelid", "k.confkey"),
          " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = "
          "c.relnamespace LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = "
          "r.relnamespace WHERE n.nspname = CAST($1 AS text) AND c.relname = ANY (CAST($2 AS text[])) AND k.contype IN ('p', 'f') AND "
          "k.conparentid = 0 AND (r.oid IS NULL OR pg_catalog.has_table_privilege(r.oid, 'SELECT') OR "
          "pg_catalog.has_any_column_privilege(r.oid, 'SELECT')) ORDER BY c.oid, k.contype DESC, k.conname"),
      values));
  std::vector<TypeId> type_ids;
  for (const TextRow& row : columns) type_ids.push_back(static_cast<TypeId>(whole(row[2])));
  const std::vector<ValueType> column_types = TRY(types.types_of(context, session, type_ids));

  std::map<std::string, TableFacts> found;  // by name
  std::map<std::string, std::string> names_by_id;
  for (const TextRow& row : tables) {
    const std::string name = row[1].value_or("");
    names_by_id[row[0].value_or("")] = name;
    TableFacts& facts = found[name];
    const bool is_visible = row[3] == "t";
    facts.info = {.dataset = std::string(dataset),
                  .name = name,
                  .sql_name = sql_name_of(std::string(dataset), name, is_visible),
                  .type = table_type_of(row[2]),
                  .description = row[4].value_or(""),
                  .row_count = whole(row[5]),
                  .size_bytes = whole(row[6])};
    facts.can_be_sampled = row[2] == "r" || row[2] == "m" || row[2] == "p";
    const bool is_counted = row[2] != "v" && row[2] != "f" && row[5] && !row[5]->starts_with('-');
    if (!is_counted) facts.info.row_count = planned_rows(context, session, sql_name_of(std::string(dataset), name, false));
    TRY(context.check());
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const TextRow& row = columns[i];
    TableFacts& facts = found[names_by_id[row[0].value_or("")]];
    facts.info.columns.push_back({.name = row[1].value_or(""),
                                  .type = column_type_of(column_types[i].kind),
                                  .engine_type = row[3].value_or(""),
                                  .nullable = row[4] != "t",
                                  .description = row[5].value_or(""),
                                  .partitioning = row[6] == "t"});
    facts.types.push_back(column_types[i]);
  }
  for (const TextRow& row : keys) {
    const auto table = found.find(names_by_id[row[0].value_or("")]);
    if (table == found.end()) continue;
    TableKey& key = table->second.info.keys.emplace_back(TableKey{.columns = texts_of_json(row[1])});
    if (!row[2]) continue;
    key.references = sql_name_of(row[3].value_or(""), *row[2], row[4] == "t");
    key.referenced_columns = texts_of_json(row[5]);
  }
  std::vector<TableFacts> described;
  for (const std::string& name : names) {
    const auto table = found.find(name);
    if (table == found.end() || table->second.info.name.empty()) continue;
    described.push_back(std::move(table->second));
    found.erase(table);
  }
  return described;
}

Result<std::vector<FoundTable>> find_tables(const CallContext& context, Session& session, const GuardedStatement& statement,
                                            std::string_view sql) {
  std::vector<FoundTable> found(statement.tables.size());
  if (!statement.tables.empty()) {
    std::vector<std::string> schemas;
    std::vector<std::string> names;
    for (const TableReference& table : statement.tables) {
      schemas.push_back(table.schema);
      names.push_back(table.name);
    }
    const auto rows =
        TRY(session.query(context,
                          "SELECT asked.place, n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid), (SELECT json_agg(a.attname "
                          "ORDER BY a.attnum) FROM "
                          "pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) "
                          "FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) WITH ORDINALITY AS asked(schema, name, place) "
                          "JOIN pg_catalog.pg_class c ON c.relname = asked.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
                          "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                          "WHERE CASE WHEN asked.schema = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = asked.schema END",
                          {array_literal(schemas), array_literal(names)}));
    for (const TextRow& row : rows) {
      const auto place = static_cast<std::size_t>(whole(row[0]));
      if (place == 0 || place > found.size()) continue;
      const std::string schema = row[1].value_or("");
      const std::string name = row[2].value_or("");
      found[place - 1] = {
          .schema = schema, .name = name, .sql_name = sql_name_of(schema, name, row[3] == "t"), .columns = texts_of_json(row[4])};
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const TableReference& table = statement.tables[i];
    if (is_own_schema(found[i].schema) || is_own_schema(table.schema))
      return fail(sql_not_allowed(str("The table '", table.name, "' is PostgreSQL's own: reading it is not allowed"), sql, table.offset,
                                  table.name));
    if (!found[i].name.empty()) continue;
    const auto names =
        TRY(session.query(context,
                          str("SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ",
                              is_a_dataset, " AND ", is_a_table,
                              " AND (n.nspname = CAST($1 AS text) OR ($1 = '' AND pg_catalog.pg_table_is_visible(c.oid))) "
                              "ORDER BY c.relname LIMIT ",
                              tables_max),
                          {table.schema}));
    std::vector<std::string> known;
    for (const TextRow& row : names) known.push_back(row[0].value_or(""));
    return fail(sql_invalid(str("There is no table '", table.name, "'"), sql, table.offset, table.name, known));
  }
  if (statement.functions.empty()) return found;
  const std::vector<std::string> functions(statement.functions.begin(), statement.functions.end());
  // What extensions add for their own types (citext) was let in by a superuser.
  const auto shadows = TRY(session.query(
      context,
      "SELECT p.proname FROM pg_catalog.pg_proc p WHERE p.proname = ANY (CAST($1 AS text[])) AND p.pronamespace <> "
      "CAST('pg_catalog' AS pg_catalog.regnamespace) AND pg_catalog.pg_function_is_visible(p.oid) AND NOT EXISTS (SELECT 1 FROM "
      "pg_catalog.pg_depend d WHERE d.classid = CAST('pg_catalog.pg_proc' AS pg_catalog.regclass) AND d.objid = p.oid AND d.deptype = 'e') "
      "LIMIT 1",
      {array_literal(functions)}));
  if (!shadows.empty()) {
    const std::string name = shadows.front()[0].value_or("");
    return fail(
        sql_not_allowed(str("The function ", name, "() is also one of the database itself, which is not allowed: write pg_catalog.", name),
                        sql, std::string_view::npos, name));
  }
  return found;
}

Result<RelationSizes> relation_sizes(const CallContext& context, Session& session, const ScanPlan& plan) {
  std::set<RelationName> asked;
  for (const ScanNode& scan : plan.scans) {
    asked.insert(scan.table);
    if (!scan.index.empty()) asked.insert({scan.table.first, scan.index});
  }
  RelationSizes sizes;
  if (asked.empty()) return sizes;
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  for (const auto& [schema, name] : asked) {
    schemas.push_back(schema);
    names.push_back(name);
  }
  const auto rows = TRY(session.query(context,
                                      "SELECT n.nspname, c.relname, pg_catalog.pg_table_size(c.oid) FROM unnest(CAST($1 AS text[]), "
                                      "CAST($2 AS text[])) AS asked(schema, name) "
                                      "JOIN pg_catalog.pg_namespace n ON n.nspname = asked.schema JOIN pg_catalog.pg_class c ON "
                                      "c.relnamespace = n.oid AND c.relname = asked.name",
                                      {array_literal(schemas), array_literal(names)}));
  for (const TextRow& row : rows) sizes[{row[0].value_or(""), row[1].value_or("")}] = static_cast<std::uint64_t>(whole(row[2]));
  return sizes;
}

}  // namespace bridge::postgres
