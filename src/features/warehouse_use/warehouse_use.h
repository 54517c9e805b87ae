#pragma once

#include <memory>

#include "features/warehouse_use/use_report.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// A query that is about to run.
struct UseOfQuery {
  ConnectionId connection_id;
  std::int64_t connection_bytes_max = 0;  // in a day; 0: any number
  std::uint64_t bytes = 0;                // as its dry run says
};

// Counts what the warehouses of a team read in a day, and holds it against caps. Thread-safe.
class WarehouseUse {
 public:
  virtual ~WarehouseUse() = default;

  // Takes the query from the day of the caller, the team and the connection. resource_exhausted ("daily_cap_reached") with what is left,
  // and when it comes back as `retry_after`.
  virtual Result<> take(const CallContext& context, const UseOfQuery& query) = 0;
  // It failed.
  virtual void give_back(const CallContext& context, const UseOfQuery& query) = 0;
  virtual Result<UseReport> report(const CallContext& context) = 0;
};

// Writes what it counted every kUseWriteInterval, and when it ends.
std::shared_ptr<WarehouseUse> make_warehouse_use(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock, UseCaps caps);

}  // namespace bridge
