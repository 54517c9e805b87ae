#include "warehouse/metered_warehouse.h"

#include "base/text.h"
#include "platform/work/lru_cache.h"

namespace bridge {

namespace {

constexpr std::size_t kEstimatesMax = 1'000;

class MeteredWarehouse final : public Warehouse {
 public:
  MeteredWarehouse(std::shared_ptr<Warehouse> inner, ReadingMeter meter) : inner_(std::move(inner)), meter_(std::move(meter)) {}

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

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    DryRun dry_run = TRY(inner_->dry_run(context, query));
    estimates_.put(key_of(context, query), dry_run.bytes_scanned);
    return dry_run;
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    const std::optional<std::uint64_t> known = estimates_.find(key_of(context, query));
    const std::uint64_t bytes = known ? *known : TRY(inner_->dry_run(context, query)).bytes_scanned;
    TRY(meter_.take(context, bytes));
    auto streamed = inner_->stream(context, query, limits, sink);
    if (!streamed) meter_.give_back(context, bytes);
    return streamed;
  }

 private:
  // The same SQL is other SQL for a viewer with a policy.
  static std::string key_of(const CallContext& context, const BoundQuery& query) {
    std::string key = str(context.viewer().key(), "\n", query.sql);
    for (const SqlValue& value : query.values) key += str("\n", value.index(), text_of(value));
    return key;
  }

  static std::string text_of(const SqlValue& value) {
    return std::visit(
        [](const auto& held) -> std::string {
          using T = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<T, std::nullptr_t>) return "";
          else if constexpr (std::is_same_v<T, bool>) return held ? "t" : "f";
          else if constexpr (std::is_same_v<T, std::string>) return held;
          else if constexpr (std::is_arithmetic_v<T>) return str(held);
          else return held.text;
        },
        value);
  }

  const std::shared_ptr<Warehouse> inner_;
  const ReadingMeter meter_;
  LruCache<std::string, std::uint64_t> estimates_{{.entries_max = kEstimatesMax}};
};

}  // namespace

std::shared_ptr<Warehouse> make_metered_warehouse(std::shared_ptr<Warehouse> inner, ReadingMeter meter) {
  return std::make_shared<MeteredWarehouse>(std::move(inner), std::move(meter));
}

}  // namespace bridge
