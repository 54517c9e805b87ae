#include "warehouse/warehouse.h"

#include "base/text.h"

namespace bridge {

ColumnType type_of(const SqlValue& value, ColumnType of_null) {
  return std::visit(
      [&](const auto& typed) {
        using T = std::decay_t<decltype(typed)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) return of_null;
        else if constexpr (std::is_same_v<T, bool>) return ColumnType::boolean;
        else if constexpr (std::is_same_v<T, std::int64_t>) return ColumnType::integer;
        else if constexpr (std::is_same_v<T, double>) return ColumnType::number;
        else if constexpr (std::is_same_v<T, std::string>) return ColumnType::text;
        else if constexpr (std::is_same_v<T, Date>) return ColumnType::date;
        else if constexpr (std::is_same_v<T, Timestamp>) return ColumnType::timestamp;
        else return ColumnType::decimal;
      },
      value);
}

Result<> check_scanned_bytes(std::uint64_t bytes_scanned, const ExecuteLimits& limits) {
  if (!limits.scanned_bytes_max || bytes_scanned <= *limits.scanned_bytes_max) return {};
  return fail(ErrorCode::resource_exhausted, "scan_too_large",
              str("The query would read ", format_bytes(bytes_scanned), " and may read ", format_bytes(*limits.scanned_bytes_max),
                  ": select fewer columns, or filter it further"));
}

Result<std::vector<TableInfo>> Warehouse::describe_all_tables(const CallContext& context, std::string_view dataset,
                                                              std::size_t tables_max) {
  std::vector<std::string> names;
  for (TableName& table : TRY(list_tables(context, dataset))) names.push_back(std::move(table.name));
  names.resize(std::min(names.size(), tables_max));
  std::vector<TableInfo> all;
  for (std::size_t at = 0; at < names.size(); at += kTablesDescribedAtOnceMax) {
    const auto page = std::span(names).subspan(at, std::min(kTablesDescribedAtOnceMax, names.size() - at));
    std::ranges::move(TRY(describe_tables(context, dataset, page)), std::back_inserter(all));
  }
  return all;
}

Result<QueryResult> Warehouse::execute(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) {
  return collect_answer([&](BatchSink& sink) { return stream(context, query, limits, sink); });
}

}  // namespace bridge
