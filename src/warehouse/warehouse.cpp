#include "warehouse/warehouse.h"

namespace bridge {

std::string quote_identifier(const SqlDialect& dialect, std::string_view name) {
  std::string out;
  out.reserve(name.size() + 2);
  out += dialect.identifier_quote;
  for (const char c : name) {
    if (c == dialect.identifier_quote) out += c;
    out += c;
  }
  out += dialect.identifier_quote;
  return out;
}

Result<QueryResult> Warehouse::execute(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) {
  BatchCollector collector;
  const Streamed streamed = TRY(stream(context, query, limits, collector));
  collector.result.truncated = streamed.truncated;
  return std::move(collector.result);
}

}  // namespace bridge
