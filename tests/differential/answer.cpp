#include "answer.h"

#include <cmath>

#include "base/text.h"
#include "features/dashboard_compiler/parameters.h"

namespace bridge::differential {

namespace {

constexpr double relative_error_max = 1e-12;

std::string cell_of(const ResultColumn& column, std::size_t row) {
  if (!column.valid[row]) return "null";
  if (column.type == ColumnType::boolean || column.type == ColumnType::integer) return str(column.integers[row]);
  if (column.type == ColumnType::number) return str(column.numbers[row]);
  return column.texts[row];
}

bool is_numeric(ColumnType type) {
  return type == ColumnType::integer || type == ColumnType::big_integer || type == ColumnType::decimal || type == ColumnType::number ||
         type == ColumnType::boolean;
}
bool is_exact(ColumnType type) { return is_numeric(type) && type != ColumnType::number; }

// A decimal without zeros at its end.
std::string shortest(std::string digits) {
  if (!digits.contains('.')) return digits;
  while (digits.ends_with('0')) digits.pop_back();
  if (digits.ends_with('.')) digits.pop_back();
  return digits;
}

std::string as_moment(const std::string& text) { return text.size() == 10 ? text + "T00:00:00Z" : text; }

bool is_equal(const std::string& one, ColumnType one_type, const std::string& other, ColumnType other_type) {
  if (one == other) return true;
  if (one == "null" || other == "null") return false;
  const auto is_time = [](ColumnType type) { return type == ColumnType::date || type == ColumnType::timestamp; };
  if (is_time(one_type) && is_time(other_type)) return as_moment(one) == as_moment(other);
  if (!is_numeric(one_type) || !is_numeric(other_type)) return false;
  if (is_exact(one_type) && is_exact(other_type)) return shortest(one) == shortest(other);
  const double a = std::strtod(one.c_str(), nullptr), b = std::strtod(other.c_str(), nullptr);
  return std::abs(a - b) <= relative_error_max * std::max(std::abs(a), std::abs(b));
}

std::string line_of(const std::vector<std::string>& row) { return join(row, "|"); }

}  // namespace

Answer run(const Engine& engine, const BoundQuery& query) {
  const auto dry_run = engine.warehouse->dry_run({}, query);
  if (!dry_run) return {.failure = str("failed: ", dry_run.error().message)};
  const auto result = engine.warehouse->execute({}, query, {});
  if (!result) return {.failure = str("failed: ", result.error().message)};
  Answer answer{.columns = columns_of(*result)};
  for (std::size_t row = 0; row < result->row_count; ++row) {
    std::vector<std::string>& cells = answer.rows.emplace_back();
    for (const ResultColumn& column : result->columns) cells.push_back(cell_of(column, row));
  }
  return answer;
}

Answer ask(const Engine& engine, const Query& query) {
  const SqlDialect& dialect = engine.dialect();
  const auto sql = query.sql(dialect);
  if (!sql) return {.failure = str("refused: ", sql.error().message)};
  const auto values = read_parameter_values(query_parameters(), ViewType::analytical, query.choices, {});
  if (!values) return {.failure = str("refused: ", values.error().message)};
  const auto bound = bind_sql(scan_sql(*sql, dialect.lexical_rules()), query_parameters(), *values, dialect);
  if (!bound) return {.failure = str("refused: ", bound.error().message)};
  Answer answer = run(engine, bound->query);
  return answer;
}

std::string difference_of(const Answer& reference, const Answer& other, std::string_view engine, std::span<const TypeDifference> types,
                          std::set<const TypeDifference*>& used) {
  if (!reference.failure.empty() && !other.failure.empty()) return "";
  if (!other.failure.empty()) return other.failure;
  if (!reference.failure.empty())
    return str("answers where the reference does not: ", other.rows.empty() ? "" : line_of(other.rows.front()));
  if (reference.columns.size() != other.columns.size()) return str(other.columns.size(), " columns for ", reference.columns.size());
  std::string lines;
  for (std::size_t i = 0; i < reference.columns.size(); ++i) {
    const ColumnName &left = reference.columns[i], &right = other.columns[i];
    if (left.name != right.name) lines += str("column ", left.name, " => ", right.name, "\n");
    if (left.type == right.type) continue;
    const auto known = std::ranges::find_if(types, [&](const TypeDifference& each) {
      return each.engine == engine && each.reference == left.type && each.other == right.type;
    });
    if (known != types.end()) used.insert(&*known);
    else lines += str(left.name, ": ", enum_name(left.type), " => ", enum_name(right.type), "\n");
  }
  if (reference.rows.size() != other.rows.size()) lines += str(reference.rows.size(), " rows => ", other.rows.size(), "\n");
  for (std::size_t row = 0; row < std::min(reference.rows.size(), other.rows.size()); ++row) {
    bool is_same = true;
    for (std::size_t i = 0; i < reference.columns.size(); ++i)
      is_same = is_same && is_equal(reference.rows[row][i], reference.columns[i].type, other.rows[row][i], other.columns[i].type);
    if (!is_same) lines += str(line_of(reference.rows[row]), " => ", line_of(other.rows[row]), "\n");
  }
  return lines;
}

}  // namespace bridge::differential
