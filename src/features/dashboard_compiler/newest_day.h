#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "features/dashboard_compiler/parameters.h"
#include "warehouse/warehouse.h"

// A period such as last_90_days_of_data is counted from the newest day that the data has, so that tomorrow's row shows when it comes. Which
// day that is, is asked of the warehouse: the largest value of what the parameter filters, over the tables of the query that filters it.

namespace bridge {

// One SELECT for each place where `filter(:name, expression)` stands in the SQL, each of one row and one column: the newest day as a DATE,
// NULL when there is none. They read the tables of the SELECT in which the filter stands (WITH entries before it included), with every
// parameter at `all`. Days after the year 9998 are how many tables write "never" and do not count.
Result<std::vector<std::string>> newest_day_sql(const ScannedSql& sql, std::string_view parameter, const SqlDialect& dialect);

// The same for all queries of a warehouse, each text once, bound. failed_precondition ("no_newest_day") when none filters the parameter.
Result<std::vector<BoundQuery>> bind_newest_day(const std::vector<const ScannedSql*>& queries,
                                                const std::vector<DocumentParameter>& parameters, std::string_view parameter,
                                                const SqlDialect& dialect);

// Asks an open warehouse, under the cap: the newest of their days. For documents that are being written; views ask through the cache.
Result<std::optional<Day>> ask_newest_day(const CallContext& context, Warehouse& warehouse, const std::vector<BoundQuery>& queries,
                                          std::uint64_t bytes_max);

// The day in an answer of one of them; nullopt when there is none.
std::optional<Day> newest_day_in(const QueryResult& result);

}  // namespace bridge
