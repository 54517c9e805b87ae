#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/query_result.h"

namespace bridge::sqlite {

// The type of a column of the tables that a statement reads; nothing when there is none, or several that differ.
using TypeOfColumn = std::function<std::optional<ColumnType>(std::string_view lower_name)>;

// What the columns of a SELECT's answer hold, read from its text: `count(*)` is a whole number, `avg(x)` a number, `date(x)` a date,
// `max(x)` what x is. SQLite itself knows the types of its tables' columns alone. Nothing for a column where the text does not tell; empty
// when the answer's columns do not stand in the text one by one (`SELECT *`). The SQL is one that SQLite takes.
std::vector<std::optional<ColumnType>> types_from_sql(std::string_view sql, std::size_t columns_count, const TypeOfColumn& type_of_column);

}  // namespace bridge::sqlite
