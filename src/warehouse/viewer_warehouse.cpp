#include "warehouse/viewer_warehouse.h"

namespace bridge {

namespace {

class ViewerWarehouse final : public Warehouse {
 public:
  explicit ViewerWarehouse(std::shared_ptr<Warehouse> inner) : inner_(std::move(inner)) {}

  const SqlDialect& dialect() const override { return inner_->dialect(); }
  bool is_reading_free() const override { return inner_->is_reading_free(); }
  Result<> ping(const CallContext& context) override { return inner_->ping(context); }
  Result<std::optional<std::vector<std::string>>> check_rights(const CallContext& context) override {
    return inner_->check_rights(context);
  }
  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override { return inner_->list_datasets(context); }
  Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view dataset) override {
    return inner_->list_tables(context, dataset);
  }
  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view dataset,
                                                 std::span<const std::string> names) override {
    return inner_->describe_tables(context, dataset, names);
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset, std::string_view table,
                                                          const StatisticsBudget& budget) override {
    if (context.caller.policy) {
      return fail(ErrorCode::unsupported, "viewer_policy",
                  "What the columns of a table hold is not told to somebody who sees a part of the table");
    }
    return inner_->column_statistics(context, dataset, table, budget);
  }

  Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) override { return inner_->check_sql(context, sql); }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    if (!context.caller.policy) return inner_->dry_run(context, query);
    return inner_->dry_run(context, TRY(rewritten(context, query)));
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    if (!context.caller.policy) return inner_->stream(context, query, limits, sink);
    return inner_->stream(context, TRY(rewritten(context, query)), limits, sink);
  }

 private:
  Result<BoundQuery> rewritten(const CallContext& context, const BoundQuery& query) {
    const SqlReads reads = TRY(inner_->check_sql(context, query.sql));
    return BoundQuery{.sql = TRY(context.caller.policy->rewrite(query.sql, reads)), .values = query.values};
  }

  const std::shared_ptr<Warehouse> inner_;
};

}  // namespace

std::shared_ptr<Warehouse> make_viewer_warehouse(std::shared_ptr<Warehouse> inner) {
  return std::make_shared<ViewerWarehouse>(std::move(inner));
}

}  // namespace bridge
