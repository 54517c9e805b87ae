#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/json.h"

namespace bridge::rules {

// Answers of get_table_schema by the tables' sql_name.
using TableSchemas = std::map<std::string, json::object>;

// The table together with the columns of those to which its keys lead, as one more answer of get_table_schema: every row of the table is
// there once, with nulls where a key leads nowhere. Its sql_name is what stands after FROM; `source` in it is the table's own. Columns of
// the others keep their names where no other has them, and get the key's name before them where one does. `wanted`: only these of the
// others' columns, by those names; none: all. Nothing when no key leads to a table of which the schema is known.
std::optional<json::object> join_along_keys(const json::object& table, const TableSchemas& schemas,
                                            const std::set<std::string>* wanted = nullptr);

}  // namespace bridge::rules
