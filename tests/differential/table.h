#pragma once

#include <string>
#include <vector>

#include "warehouse/warehouse.h"

namespace bridge::differential {

struct TableColumn {
  std::string name;
  ColumnType type = ColumnType::text;  // decimals have 18 digits, two of them behind the point
};

// A table that every engine gets. `name` is not quoted; cells are null or of their column's type.
struct Table {
  std::string name;
  std::vector<TableColumn> columns;
  std::vector<std::vector<SqlValue>> rows;

  // The cell of a column, which has to be there.
  const SqlValue& cell(std::size_t row, std::string_view column) const;
};

// The same each time:
//   orders      what values can be: nulls, ties, empty and foreign texts, leap days, ends of years, hours that summer time skips or
//   repeats,
//               numbers up to 64 bits
//   "Größe 1"   names of any character
//   nothing     no row
//   sales       a shop's, for sentences
//   countries   a panel by year, for sentences
//   visits      days and sums of money written as text, for sentences
const std::vector<Table>& tables();
const Table& table_named(std::string_view name);

}  // namespace bridge::differential
