#include <gtest/gtest.h>

#include "base/guarded.h"
#include "base/testing/failing_allocations.h"
#include "features/query_execution/query_execution.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

QueryEngine engine_of_one_row() {
  return {.dry_run = [](const CallContext&, const BoundQuery&) -> Result<DryRun> { return DryRun{.bytes_scanned = 1'000}; },
          .execute = [](const CallContext&, const BoundQuery&, const ExecuteLimits&) -> Result<QueryResult> {
            QueryResult result{.row_count = 1};
            result.columns = {{.name = "a column with a long name", .type = ColumnType::text, .valid = {true}, .texts = {"some text"}}};
            return result;
          }};
}

TEST(OutOfMemory, WhicheverAllocationOfAQueryFailsTheNextCallerHasAnAnswer) {
  const auto cache = make_memory_cache(8 << 20);
  const auto queries = make_query_execution(*cache, make_system_clock());
  CallContext context;
  context.caller.team_id = TeamId("a team with a long name");
  const QueryRequest request{.slug = "sales", .query_id = "q", .connection_key = "c", .query = {.sql = "SELECT 1"}, .fresh = true};
  ASSERT_TRUE(queries->execute(context, request, engine_of_one_row()).has_value());  // makes what is made once
  for (long nth = 1;; ++nth) {
    ASSERT_LT(nth, 1'000);
    bool failed = false;
    {
      const FailingAllocations failing(nth);
      (void)guarded([&] { return queries->execute(context, request, engine_of_one_row()); });
      failed = failing.has_failed();
    }
    const auto next = queries->execute(context.with_timeout(5s), request, engine_of_one_row());
    ASSERT_TRUE(next.has_value()) << nth << ": " << next.error().message;
    if (!failed) break;
  }
}

}  // namespace
}  // namespace bridge
