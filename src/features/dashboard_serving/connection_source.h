#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/call_context.h"
#include "base/result.h"
#include "features/dashboard_compiler/plan.h"
#include "warehouse/warehouse.h"

namespace bridge {

// A connection as a query needs it. The warehouse is opened only when the cache has no answer.
struct DataConnection {
  std::string key;  // which warehouse and which version of its credentials: part of the cache's key
  const SqlDialect* dialect = nullptr;
  QueryLimits limits;
  std::function<Result<std::shared_ptr<Warehouse>>(const CallContext&)> open;
  // What identifies the data as it is now, without opening the warehouse; nullopt, or no function, when that is not known.
  std::function<std::optional<std::string>(const CallContext&)> data_version;
};

class DataConnectionSource {
 public:
  virtual ~DataConnectionSource() = default;
  // failed_precondition ("connection_missing") when the team has no connection of this name.
  virtual Result<DataConnection> find_connection(const CallContext& context, std::string_view name) = 0;
};

}  // namespace bridge
