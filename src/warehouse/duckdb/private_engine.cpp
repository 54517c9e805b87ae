#include "warehouse/duckdb/private_engine.h"

#include <mutex>

#include "warehouse/duckdb/engine.h"

namespace bridge::duckdb {

Result<std::shared_ptr<Engine>> private_engine() {
  static std::mutex mutex;
  static std::shared_ptr<Engine> engine;
  const std::lock_guard lock(mutex);
  if (!engine) engine = TRY(Engine::open({.memory_max = "1GiB"}));
  return engine;
}

}  // namespace bridge::duckdb
