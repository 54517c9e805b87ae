#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "features/connections/limits.h"
#include "platform/work/lru_cache.h"
#include "platform/work/periodic_task.h"
#include "platform/work/single_flight.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Open warehouses by their credentials, so that those of old ones are never handed out under new ones: each opened once however many ask at
// the same time, at most kOpenWarehousesMax kept, idle ones closed. A warehouse that somebody still uses lives until they let go.
// Thread-safe.
class WarehousePool {
 public:
  using Open = std::function<Result<std::shared_ptr<Warehouse>>()>;

  explicit WarehousePool(std::chrono::milliseconds idle_max = kWarehouseIdleMax);

  // Waits for another's opening no longer than `context` allows; the errors of `open`.
  Result<std::shared_ptr<Warehouse>> get(const CallContext& context, const std::string& key, const Open& open);
  void put(const std::string& key, std::shared_ptr<Warehouse> warehouse);
  void drop(const std::string& key);
  std::size_t size() const;

 private:
  std::uint64_t change_count();

  LruCache<std::string, std::shared_ptr<Warehouse>> open_;
  SingleFlight<std::shared_ptr<Warehouse>> openings_;
  std::mutex changes_mutex_;  // held while one is kept or dropped, so that none is kept that was dropped while it was being opened
  std::uint64_t changes_ = 0;
  const std::unique_ptr<PeriodicTask> closer_;  // last: it uses everything above
};

}  // namespace bridge
