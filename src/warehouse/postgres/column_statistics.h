#pragma once

#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/postgres/catalog.h"
#include "warehouse/postgres/session.h"

namespace bridge::postgres {

// What the columns of a table hold: of every value where the table is small and the budget allows it; else what the server's own statistics
// (pg_stats) tell, which were taken from a sample; else of a sample of its pages. `look_bytes`: of one look at all rows. In a transaction.
Result<std::vector<ColumnStatistics>> statistics_of(const CallContext& context, Session& session, const TableFacts& table,
                                                    std::uint64_t look_bytes, const StatisticsBudget& budget);

}  // namespace bridge::postgres
