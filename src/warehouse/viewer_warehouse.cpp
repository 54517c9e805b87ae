#include "warehouse/viewer_warehouse.h"

#include "warehouse/forwarding_warehouse.h"

namespace bridge {

namespace {

class ViewerWarehouse final : public ForwardingWarehouse {
 public:
  using ForwardingWarehouse::ForwardingWarehouse;

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset, std::string_view table,
                                                          const StatisticsBudget& budget) override {
    if (context.caller.policy) {
      return fail(ErrorCode::unsupported, "viewer_policy",
                  "What the columns of a table hold is not told to somebody who sees a part of the table");
    }
    return inner().column_statistics(context, dataset, table, budget);
  }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    if (!context.caller.policy) return inner().dry_run(context, query);
    return inner().dry_run(context, TRY(rewritten(context, query)));
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    if (!context.caller.policy) return inner().stream(context, query, limits, sink);
    return inner().stream(context, TRY(rewritten(context, query)), limits, sink);
  }

 private:
  Result<BoundQuery> rewritten(const CallContext& context, const BoundQuery& query) {
    const SqlReads reads = TRY(inner().check_sql(context, query.sql));
    return BoundQuery{.sql = TRY(context.caller.policy->rewrite(query.sql, reads)), .values = query.values};
  }
};

}  // namespace

std::shared_ptr<Warehouse> make_viewer_warehouse(std::shared_ptr<Warehouse> inner) {
  return std::make_shared<ViewerWarehouse>(std::move(inner));
}

}  // namespace bridge
