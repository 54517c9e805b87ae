#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "features/connections/limits.h"
#include "warehouse/warehouse.h"

namespace bridge {

// Open warehouses by their credentials, so that those of old ones are never handed out under new ones: each opened once however many ask at
// the same time, at most kOpenWarehousesMax kept, idle ones closed. A warehouse that somebody still uses lives until they let go.
// Thread-safe.
class WarehousePool {
 public:
  using Clock = std::chrono::steady_clock;
  using Open = std::function<Result<std::shared_ptr<Warehouse>>()>;

  explicit WarehousePool(std::chrono::milliseconds idle_max = kWarehouseIdleMax);

  Result<std::shared_ptr<Warehouse>> get(const std::string& key, const Open& open);
  void put(const std::string& key, std::shared_ptr<Warehouse> warehouse);
  void drop(const std::string& key);
  std::size_t size() const;

 private:
  struct Entry {
    std::mutex opening;
    std::shared_ptr<Warehouse> warehouse;  // guarded by `opening`
    Clock::time_point used_at;             // guarded by the pool's mutex
  };

  std::shared_ptr<Entry> entry_of(const std::string& key);
  void close_idle();
  void make_room();

  const std::chrono::milliseconds idle_max_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::jthread closer_;  // last: it uses everything above
};

}  // namespace bridge
