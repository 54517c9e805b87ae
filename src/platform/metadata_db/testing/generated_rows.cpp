#include "platform/metadata_db/testing/generated_rows.h"

#include <regex>

#include "base/text.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

struct Column {
  std::string name;
  std::string type;
  bool required = false;
  std::vector<DbValue> listed;
};
BOOST_DESCRIBE_STRUCT(Column, (), (name, type, required))

struct ForeignKey {
  std::string column;
  std::string parent;
  std::string parent_column;
};
BOOST_DESCRIBE_STRUCT(ForeignKey, (), (column, parent, parent_column))

struct Table {
  std::string name;
  std::string sql;
  std::vector<Column> columns;
  std::vector<ForeignKey> foreign_keys;
};

using Row = std::map<std::string, DbValue>;
using RowsOfTables = std::map<std::string, std::vector<Row>>;

Result<std::vector<Table>> read_tables(Transaction& transaction) {
  std::vector<Table> tables;
  for (const std::string& name : TRY(transaction.list_tables())) {
    if (name == "schema_migrations") continue;
    Table& table = tables.emplace_back();
    table.name = name;
    const auto sql = TRY(transaction.query("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :p1", {name}));
    table.sql = std::get<std::string>(sql.at(0).values.at(0));
    table.columns = TRY(read_rows<Column>(
        TRY(transaction.query("SELECT name, type, \"notnull\" OR pk > 0 FROM pragma_table_info(:p1) ORDER BY cid", {name}))));
    table.foreign_keys = TRY(read_rows<ForeignKey>(
        TRY(transaction.query("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list(:p1) ORDER BY id, seq", {name}))));
  }
  return tables;
}

// By column: the values of `CHECK (column IN (…))`.
std::map<std::string, std::vector<DbValue>> listed_values(const std::string& sql) {
  static const std::regex kList("CHECK\\s*\\(\\s*\"?(\\w+)\"?\\s+IN\\s*\\(([^)]*)\\)", std::regex::icase | std::regex::optimize);
  std::map<std::string, std::vector<DbValue>> lists;
  for (std::sregex_iterator found(sql.begin(), sql.end(), kList); found != std::sregex_iterator(); ++found) {
    std::vector<DbValue>& values = lists[(*found)[1].str()];
    for (const std::string& literal : split((*found)[2].str(), ',')) {
      const std::string_view text = trim(literal);
      if (text.starts_with('\'')) values.emplace_back(std::string(text.substr(1, text.size() - 2)));
      else values.emplace_back(static_cast<std::int64_t>(std::stoll(std::string(text))));
    }
  }
  return lists;
}

DbValue make_value(const Table& table, const Column& column, std::int64_t number, std::size_t turn, const RowsOfTables& done) {
  if (!column.required && number % 3 == 1) return nullptr;
  for (const ForeignKey& key : table.foreign_keys) {
    if (key.column != column.name) continue;
    const std::vector<Row>& parents = done.at(key.parent);
    return parents.at(turn).at(key.parent_column);
  }
  if (!column.listed.empty()) return column.listed[static_cast<std::size_t>(number) % column.listed.size()];
  if (column.type == "BIGINT") return number;
  if (column.type == "DOUBLE PRECISION") return static_cast<double>(number) + 0.5;
  return str(table.name, '.', column.name, ' ', number);
}

Result<> insert(Transaction& transaction, const Table& table, const Row& row) {
  std::vector<std::string> names, places;
  std::vector<DbValue> values;
  for (const auto& [name, value] : row) {
    names.push_back(str('"', name, '"'));
    values.push_back(value);
    places.push_back(str(":p", values.size()));
  }
  const auto done =
      transaction.execute(str("INSERT INTO \"", table.name, "\" (", join(names, ", "), ") VALUES (", join(places, ", "), ")"), values);
  if (done) return {};
  return fail(ErrorCode::failed_precondition,
              str("The generator of rows cannot fill ", table.name, ": teach it (", done.error().message, ", ", done.error().detail, ")"));
}

}  // namespace

Result<> RowGenerator::fill(Database& database, std::int64_t first, std::int64_t count) {
  return database.transact({}, [&](Transaction& transaction) -> Result<> {
    std::vector<Table> left = TRY(read_tables(transaction));
    for (Table& table : left) {
      auto lists = listed_values(table.sql);
      for (Column& column : table.columns) {
        std::vector<DbValue> listed = std::move(lists[column.name]);
        std::vector<DbValue>& seen = listed_[str(table.name, '.', column.name)];
        if (seen.empty()) seen = std::move(listed);
        else if (!listed.empty())
          std::erase_if(seen, [&](const DbValue& value) { return std::ranges::find(listed, value) == listed.end(); });
        column.listed = seen;
      }
    }
    RowsOfTables done;
    while (!left.empty()) {
      const auto ready = std::ranges::find_if(left, [&](const Table& table) {
        return std::ranges::all_of(table.foreign_keys, [&](const ForeignKey& key) { return done.contains(key.parent); });
      });
      if (ready == left.end()) {
        return fail(ErrorCode::failed_precondition,
                    str("The generator of rows cannot fill ", left.front().name, ": its foreign keys lead round in a circle"));
      }
      for (std::int64_t number = first; number < first + count; ++number) {
        Row row;
        for (const Column& column : ready->columns)
          row[column.name] = make_value(*ready, column, number, static_cast<std::size_t>(number - first), done);
        TRY(insert(transaction, *ready, row));
        done[ready->name].push_back(std::move(row));
      }
      left.erase(ready);
    }
    return {};
  });
}

}  // namespace bridge
