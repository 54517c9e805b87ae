#pragma once

#include "warehouse/dialect_list.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Answers every call, and says nothing. Tests override what they are about.
class EmptyWarehouse : public Warehouse {
 public:
  const SqlDialect& dialect() const override { return *find_sql_dialect("duckdb"); }
  bool is_reading_free() const override { return true; }
  Result<> ping(const CallContext&) override { return {}; }
  Result<std::vector<DatasetInfo>> list_datasets(const CallContext&) override { return std::vector<DatasetInfo>{}; }
  Result<std::vector<TableName>> list_tables(const CallContext&, std::string_view) override { return std::vector<TableName>{}; }
  Result<std::vector<TableInfo>> describe_tables(const CallContext&, std::string_view, std::span<const std::string>) override {
    return std::vector<TableInfo>{};
  }
  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext&, std::string_view, std::string_view,
                                                          const StatisticsBudget&) override {
    return std::vector<ColumnStatistics>{};
  }
  Result<SqlReads> check_sql(const CallContext&, std::string_view) override { return SqlReads{}; }
  Result<DryRun> dry_run(const CallContext&, const BoundQuery&) override { return DryRun{}; }
  Result<Streamed> stream(const CallContext&, const BoundQuery&, const ExecuteLimits&, BatchSink&) override { return Streamed{}; }
};

}  // namespace bridge
