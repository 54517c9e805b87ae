#include "features/rules/joined_table.h"

#include <vector>

#include "base/text.h"
#include "warehouse/dialect_list.h"

namespace bridge::rules {

namespace {

constexpr std::size_t joins_max = 6;

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::vector<std::string> texts_at(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* value = object.if_contains(key);
  if (!value || !value->is_array()) return texts;
  for (const json::value& item : value->get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

const json::array& columns_of(const json::object& schema) {
  static const json::array none;
  const json::value* columns = schema.if_contains("columns");
  return columns && columns->is_array() ? columns->get_array() : none;
}

// A key to a table that is known.
struct Join {
  std::vector<std::string> columns;
  std::vector<std::string> referenced;
  const json::object* table = nullptr;
  std::string name;  // "customer" of customer_id
};

// What the other side of a key is called: "customer_id" leads to a customer; without such an ending, what its table is called.
std::string name_of(const Join& join) {
  const std::string table = text_at(*join.table, "table");
  if (join.columns.size() != 1) return table;
  const std::string& column = join.columns.front();
  for (const std::string_view end : {"_id", "_key", "_code", "_no", "Id", "ID"}) {
    if (column.size() > end.size() && column.ends_with(end)) return column.substr(0, column.size() - end.size());
  }
  return table;
}

std::vector<Join> joins_of(const json::object& table, const TableSchemas& schemas) {
  std::vector<Join> joins;
  std::set<std::string> names;
  const json::value* keys = table.if_contains("keys");
  if (!keys || !keys->is_array()) return joins;
  for (const json::value& item : keys->get_array()) {
    if (!item.is_object() || joins.size() >= joins_max) continue;
    const json::object& key = item.get_object();
    const auto other = schemas.find(text_at(key, "references"));
    if (other == schemas.end() || other->first == text_at(table, "sql_name")) continue;
    Join join{.columns = texts_at(key, "columns"), .referenced = texts_at(key, "referenced_columns"), .table = &other->second};
    if (join.columns.empty() || join.columns.size() != join.referenced.size()) continue;
    join.name = name_of(join);
    if (names.insert(lower(join.name)).second) joins.push_back(std::move(join));
  }
  return joins;
}

}  // namespace

std::optional<json::object> join_along_keys(const json::object& table, const TableSchemas& schemas, const std::set<std::string>* wanted) {
  const SqlDialect* dialect = find_sql_dialect(text_at(table, "dialect"));
  const std::vector<Join> joins = joins_of(table, schemas);
  if (!dialect || joins.empty()) return {};
  std::map<std::string, int> uses;  // of each name, in small letters: names that differ in capitals alone are the same to people
  const auto count_names = [&](const json::object& schema) {
    for (const json::value& column : columns_of(schema)) ++uses[lower(text_at(column.as_object(), "name"))];
    for (const std::string& name : texts_at(schema, "other_columns")) ++uses[lower(name)];
  };
  count_names(table);
  for (const Join& each : joins) count_names(*each.table);

  json::object joined = table;
  joined.erase("keys");
  joined["source"] = text_at(table, "sql_name");
  std::string from = text_at(table, "sql_name");
  bool is_joined = false;
  for (const Join& each : joins) {
    std::vector<std::string> selected;
    std::vector<json::object> columns;
    for (const json::value& item : columns_of(*each.table)) {
      json::object column = item.as_object();
      const std::string own_name = text_at(column, "name");
      // The table has its values already.
      if (std::ranges::find(each.referenced, own_name) != each.referenced.end()) continue;
      const bool is_renamed = uses[lower(own_name)] > 1 || lower(own_name) == "name";
      const std::string name = is_renamed ? str(each.name, "_", own_name) : own_name;
      if (uses.contains(lower(name)) && is_renamed) continue;
      if (wanted && !wanted->contains(name)) continue;
      // What its values are to be read as names it as it was.
      if (is_renamed && column.contains("statistics") && column["statistics"].is_object() &&
          !text_at(column["statistics"].as_object(), "read_sql").empty())
        continue;
      selected.push_back(is_renamed ? str(dialect->identifier(own_name), " AS ", dialect->identifier(name))
                                    : dialect->identifier(own_name));
      column["name"] = name;
      columns.push_back(std::move(column));
    }
    if (columns.empty()) continue;
    std::vector<std::string> conditions;
    for (std::size_t i = 0; i < each.columns.size(); ++i) {
      const std::string key = dialect->identifier(str("key_", i + 1, "_of_", each.name));
      selected.push_back(str(dialect->identifier(each.referenced[i]), " AS ", key));
      conditions.push_back(str(key, " = ", dialect->identifier(each.columns[i])));
    }
    from += str("\n  LEFT JOIN (SELECT ", join(selected, ", "), " FROM ", text_at(*each.table, "sql_name"), ") AS ",
                dialect->quote_identifier("of " + each.name), " ON ", join(conditions, " AND "));
    for (json::object& column : columns) joined["columns"].as_array().push_back(std::move(column));
    is_joined = true;
  }
  if (!is_joined) return {};
  joined["sql_name"] = from;
  return joined;
}

}  // namespace bridge::rules
