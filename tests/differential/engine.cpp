#include "engine.h"

#include <stdexcept>

#include "base/text.h"
#include "loaders.h"
#include "warehouse/driver_list.h"

namespace bridge::differential {

namespace {

constexpr std::size_t rows_at_once = 100;

std::string literal_of(const SqlValue& value, const SqlDialect& dialect) {
  struct Write {
    const SqlDialect& dialect;
    std::string operator()(std::nullptr_t) const { return "NULL"; }
    std::string operator()(bool value) const { return value ? dialect.true_literal() : str("NOT ", dialect.true_literal()); }
    std::string operator()(std::int64_t value) const { return str(value); }
    std::string operator()(double value) const { return str(value); }
    std::string operator()(const std::string& value) const { return dialect.text_literal(value); }
    std::string operator()(const Date& value) const { return dialect.date_literal(value.text); }
    std::string operator()(const Timestamp& value) const {
      return *dialect.cast(dialect.text_literal(replace_all(value.text.substr(0, 19), "T", " ")), ColumnType::timestamp);
    }
    std::string operator()(const Decimal& value) const { return value.text; }
  };
  return std::visit(Write{dialect}, value);
}

void add_statements(std::vector<std::string>& statements, const Table& table, const SqlDialect& dialect,
                    std::string_view (*type_name)(ColumnType)) {
  const std::string name = dialect.quote_identifier(table.name);
  std::vector<std::string> columns;
  for (const TableColumn& column : table.columns)
    columns.push_back(str(dialect.quote_identifier(column.name), " ", type_name(column.type)));
  statements.push_back(str("CREATE TABLE ", name, " (", join(columns, ", "), ")"));
  for (std::size_t begin = 0; begin < table.rows.size(); begin += rows_at_once) {
    std::vector<std::string> rows;
    for (std::size_t row = begin; row < std::min(begin + rows_at_once, table.rows.size()); ++row) {
      std::vector<std::string> cells;
      for (const SqlValue& value : table.rows[row]) cells.push_back(literal_of(value, dialect));
      rows.push_back(str("(", join(cells, ", "), ")"));
    }
    statements.push_back(str("INSERT INTO ", name, " VALUES ", join(rows, ", ")));
  }
}

}  // namespace

std::span<const EngineLoader> engine_loaders() {
  static constexpr EngineLoader loaders[] = {
      {"duckdb", "main", &load_duckdb},
      {"sqlite", "main", &load_sqlite},
      {"postgres", "public", &load_postgres},
  };
  return loaders;
}

std::vector<Engine> open_engines(const std::filesystem::path& folder, const std::vector<Table>& tables) {
  const auto drivers = make_warehouse_drivers({.networks = *AllowedNetworks::parse("127.0.0.0/8")});
  std::vector<Engine> engines;
  for (const EngineLoader& loader : engine_loaders()) {
    const auto driver = std::ranges::find_if(drivers, [&](const auto& one) { return one->type() == loader.engine; });
    if (driver == drivers.end()) throw std::runtime_error(str("no driver is called ", loader.engine));
    auto opened = (*driver)->open({}, loader.load(folder, tables));
    if (!opened) throw std::runtime_error(describe_error(opened.error()));
    engines.push_back({.name = std::string(loader.engine), .dataset = std::string(loader.dataset), .warehouse = std::move(*opened)});
  }
  return engines;
}

std::vector<std::string> table_statements(const std::vector<Table>& tables, const SqlDialect& dialect,
                                          std::string_view (*type_name)(ColumnType)) {
  std::vector<std::string> statements;
  for (const Table& table : tables) add_statements(statements, table, dialect, type_name);
  return statements;
}

}  // namespace bridge::differential
