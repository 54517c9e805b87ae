#include "warehouse/warehouse.h"

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

Result<QueryResult> Warehouse::execute(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) {
  return collect_answer([&](BatchSink& sink) { return stream(context, query, limits, sink); });
}

}  // namespace bridge
