#pragma once

#include <functional>
#include <string>

#include "features/query_execution/query_execution.h"
#include "platform/http/message.h"
#include "warehouse/query_result.h"

namespace bridge {

// The answer of one query as an export: past the limit on the rows of a view, under the cap and the deadline, never all of it in memory.
struct QueryExport {
  std::uint64_t bytes_scanned = 0;  // as dry-run
  double cost_usd = 0;
  Time executed_at;
  int version = 0;
  // Runs it, once. resource_exhausted when the answer is larger than an export may be.
  std::function<Result<Streamed>(const CallContext&, BatchSink&)> stream;
};

enum class ExportFormat : std::uint8_t { csv, json };

// CSV, or {"data":{"rows":[…],"columns":[…]},"metadata":{…}}: the columns behind the rows, because their types are known when the
// last of them is read: a whole number may need more than 53 bits, a value of SQLite may be of any type.
Result<> write_export(const QueryExport& answer, ExportFormat format, const CallContext& context, BodySink& body);

}  // namespace bridge
