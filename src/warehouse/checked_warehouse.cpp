#include "warehouse/checked_warehouse.h"

#include <set>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"

namespace bridge {

namespace {

bool is_name(std::string_view name) { return !name.empty() && !name.contains('\0') && is_valid_utf8(name); }

std::unexpected<Error> broken(std::string detail) {
  return fail(Error{.code = ErrorCode::data_loss,
                    .message = "The engine's answer cannot be read: its columns do not fit together",
                    .detail = std::move(detail),
                    .reason = "answer_broken"});
}

std::size_t values_of(const ResultColumn& column) {
  switch (column.type) {
    case ColumnType::boolean:
    case ColumnType::integer: return column.integers.size();
    case ColumnType::number: return column.numbers.size();
    default: return column.texts.size();
  }
}

// Lets through what can be read without going beyond the end of a column.
class CheckedSink final : public BatchSink {
 public:
  CheckedSink(const CallContext& context, BatchSink& sink) : context_(context), sink_(sink) {}

  Result<> take(QueryResult& batch) override {
    TRY(context_.check());
    if (columns_ && *columns_ != batch.columns.size())
      return broken(str("a batch of ", batch.columns.size(), " columns behind one of ", *columns_));
    columns_ = batch.columns.size();
    for (const ResultColumn& column : batch.columns) {
      if (column.valid.size() == batch.row_count && values_of(column) == batch.row_count) continue;
      return broken(str("the column '", column.name, "' has ", values_of(column), " values of its type ", enum_name(column.type), " and ",
                        column.valid.size(), " marks in ", batch.row_count, " rows"));
    }
    return sink_.take(batch);
  }

 private:
  const CallContext& context_;
  BatchSink& sink_;
  std::optional<std::size_t> columns_;
};

class CheckedWarehouse final : public Warehouse {
 public:
  explicit CheckedWarehouse(std::shared_ptr<Warehouse> inner) : inner_(std::move(inner)) {}

  const SqlDialect& dialect() const override { return inner_->dialect(); }
  bool is_reading_free() const override { return inner_->is_reading_free(); }

  Result<> ping(const CallContext& context) override {
    return call(context, [&] { return inner_->ping(context); });
  }

  Result<std::optional<std::vector<std::string>>> check_rights(const CallContext& context) override {
    return call(context, [&] { return inner_->check_rights(context); });
  }

  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override {
    std::vector<DatasetInfo> datasets = TRY(call(context, [&] { return inner_->list_datasets(context); }));
    leave_out("dataset", datasets, [](const DatasetInfo& dataset) { return is_name(dataset.name); });
    return datasets;
  }

  Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view dataset) override {
    std::vector<TableName> tables = TRY(call(context, [&] { return inner_->list_tables(context, dataset); }));
    std::set<std::string> seen;
    leave_out("table", tables, [&](const TableName& table) { return is_name(table.name) && seen.insert(table.name).second; });
    return tables;
  }

  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view dataset,
                                                 std::span<const std::string> names) override {
    if (names.size() > kTablesDescribedAtOnceMax)
      return fail(ErrorCode::invalid_argument, str("At most ", kTablesDescribedAtOnceMax, " tables are described at once"));
    std::vector<TableInfo> tables = TRY(call(context, [&] { return inner_->describe_tables(context, dataset, names); }));
    std::set<std::string_view> asked(names.begin(), names.end());
    leave_out("table", tables, [&](const TableInfo& table) { return asked.erase(table.name) == 1; });
    for (TableInfo& table : tables) leave_out("column", table.columns, [](const ColumnInfo& column) { return is_name(column.name); });
    return tables;
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset, std::string_view table,
                                                          const StatisticsBudget& budget) override {
    return call(context, [&] { return inner_->column_statistics(context, dataset, table, budget); });
  }

  Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) override {
    return call(context, [&] { return inner_->check_sql(context, sql); });
  }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    return call(context, [&] { return inner_->dry_run(context, query); });
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    CheckedSink checked(context, sink);
    return call(context, [&] { return inner_->stream(context, query, limits, checked); });
  }

 private:
  template <class Work>
  static auto call(const CallContext& context, const Work& work) -> std::invoke_result_t<const Work&> {
    TRY(context.check());
    return guarded(work);
  }

  template <class T, class Keep>
  static void leave_out(std::string_view what, std::vector<T>& items, const Keep& keep) {
    const std::size_t count = std::erase_if(items, [&](const T& item) { return !keep(item); });
    if (count > 0) log_warning("warehouse_names_left_out", {{"what", std::string(what)}, {"count", str(count)}});
  }

  const std::shared_ptr<Warehouse> inner_;
};

}  // namespace

std::shared_ptr<Warehouse> make_checked_warehouse(std::shared_ptr<Warehouse> inner) {
  return std::make_shared<CheckedWarehouse>(std::move(inner));
}

}  // namespace bridge
