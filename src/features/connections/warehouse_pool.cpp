#include "features/connections/warehouse_pool.h"

#include "base/text.h"

namespace bridge {

WarehousePool::WarehousePool(std::chrono::milliseconds idle_max)
    : open_({.entries_max = kOpenWarehousesMax, .idle_max = idle_max}),
      openings_({.what = "warehouses", .keys_max = kWarehousesOpeningMax, .wait_max = kWarehouseOpenTimeMax}),
      closer_(start_periodic_task({.name = "idle warehouses", .interval = idle_max / 2},
                                  [this](const std::stop_token&) { open_.erase_old(); })) {}

Result<std::shared_ptr<Warehouse>> WarehousePool::get(const CallContext& context, const std::string& key, const Open& open) {
  if (auto known = open_.find(key)) return std::move(*known);
  const std::uint64_t before = change_count();
  // Who asks after a change does not wait for what was begun before it.
  return openings_.run(context, str(before, "\n", key), [&]() -> Result<std::shared_ptr<Warehouse>> {
    if (auto known = open_.find(key)) return std::move(*known);
    std::shared_ptr<Warehouse> opened = TRY(open());
    const std::lock_guard lock(changes_mutex_);
    if (changes_ == before) open_.put(key, opened);
    return opened;
  });
}

void WarehousePool::put(const std::string& key, std::shared_ptr<Warehouse> warehouse) {
  const auto gone = open_.find(key);  // closed outside of the lock
  const std::lock_guard lock(changes_mutex_);
  ++changes_;
  open_.put(key, std::move(warehouse));
}

void WarehousePool::drop(const std::string& key) {
  const auto gone = open_.find(key);  // closed outside of the lock
  const std::lock_guard lock(changes_mutex_);
  ++changes_;
  open_.erase(key);
}

std::size_t WarehousePool::size() const { return open_.statistics().entries; }

std::uint64_t WarehousePool::change_count() {
  const std::lock_guard lock(changes_mutex_);
  return changes_;
}

}  // namespace bridge
