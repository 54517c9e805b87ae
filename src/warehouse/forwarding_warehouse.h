#pragma once

#include <memory>
#include <utility>

#include "warehouse/warehouse.h"

namespace bridge {

// Passes every call on. What stands before a warehouse overrides the calls that it has something to do with.
class ForwardingWarehouse : public Warehouse {
 public:
  explicit ForwardingWarehouse(std::shared_ptr<Warehouse> inner) : inner_(std::move(inner)) {}

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
    return inner_->column_statistics(context, dataset, table, budget);
  }
  Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) override { return inner_->check_sql(context, sql); }
  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override { return inner_->dry_run(context, query); }
  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    return inner_->stream(context, query, limits, sink);
  }

 protected:
  Warehouse& inner() const { return *inner_; }

 private:
  const std::shared_ptr<Warehouse> inner_;
};

}  // namespace bridge
