#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/rules/profile.h"
#include "features/rules/suggest.h"

namespace bridge::rules {

// The query of a reading as a chart of its own, in the table's dialect: grouped in the warehouse, its columns called as the reading's sides
// are, and `value`. `conditions` are SQL that narrows its rows too. Nothing where the query would say something else than the reading:
// single values, bands, an aggregate that the engine does not have, averages that the chart would put together itself.
std::optional<std::string> reading_query(const ChartSuggestion& reading, const TableProfile& table,
                                         const std::vector<std::string>& conditions);

}  // namespace bridge::rules
