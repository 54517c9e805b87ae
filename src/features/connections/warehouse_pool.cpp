#include "features/connections/warehouse_pool.h"

#include "base/guarded.h"

namespace bridge {

WarehousePool::WarehousePool(std::chrono::milliseconds idle_max) : idle_max_(idle_max) {
  closer_ = std::jthread([this](const std::stop_token& stop) {
    run_rounds(stop, "idle warehouses", [&] {
      {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, idle_max_ / 2, [] { return false; });
      }
      close_idle();
      return !stop.stop_requested();
    });
  });
}

Result<std::shared_ptr<Warehouse>> WarehousePool::get(const std::string& key, const Open& open) {
  const std::shared_ptr<Entry> entry = entry_of(key);
  const std::lock_guard lock(entry->opening);
  if (entry->warehouse) return entry->warehouse;
  auto opened = open();
  if (!opened) {
    const std::lock_guard pool_lock(mutex_);
    if (const auto found = entries_.find(key); found != entries_.end() && found->second == entry) entries_.erase(found);
    return opened;
  }
  entry->warehouse = *opened;
  return opened;
}

void WarehousePool::put(const std::string& key, std::shared_ptr<Warehouse> warehouse) {
  drop(key);
  const std::shared_ptr<Entry> entry = entry_of(key);
  const std::lock_guard lock(entry->opening);
  entry->warehouse = std::move(warehouse);
}

void WarehousePool::drop(const std::string& key) {
  std::shared_ptr<Entry> gone;  // closed outside of the lock
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    gone = std::move(found->second);
    entries_.erase(found);
  }
}

std::size_t WarehousePool::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::shared_ptr<WarehousePool::Entry> WarehousePool::entry_of(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (!entries_.contains(key)) make_room();
  std::shared_ptr<Entry>& entry = entries_[key];
  if (!entry) entry = std::make_shared<Entry>();
  entry->used_at = Clock::now();
  return entry;
}

void WarehousePool::close_idle() {
  std::vector<std::shared_ptr<Entry>> gone;
  const std::lock_guard lock(mutex_);
  const auto since = Clock::now() - idle_max_;
  for (auto item = entries_.begin(); item != entries_.end();) {
    const auto next = std::next(item);
    if (item->second->used_at <= since) {
      gone.push_back(std::move(item->second));
      entries_.erase(item);
    }
    item = next;
  }
}

void WarehousePool::make_room() {
  while (entries_.size() >= kOpenWarehousesMax) {
    entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& item) { return item.second->used_at; }));
  }
}

}  // namespace bridge
