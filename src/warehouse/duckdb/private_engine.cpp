#include "warehouse/duckdb/private_engine.h"

#include <mutex>

#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/limits.h"

namespace bridge::duckdb {

namespace {

class LazyEngine final {
 public:
  explicit LazyEngine(EngineOptions options) : options_(std::move(options)) {}

  Result<std::shared_ptr<Engine>> get() {
    const std::lock_guard lock(mutex_);
    if (!engine_) engine_ = TRY(Engine::open(options_));
    return engine_;
  }

 private:
  EngineOptions options_;
  std::mutex mutex_;
  std::shared_ptr<Engine> engine_;
};

}  // namespace

Result<std::shared_ptr<Engine>> parser_engine() {
  static LazyEngine engine(
      {.memory_max = parser_memory_max, .memory_share = parser_memory_share, .threads = 1, .sessions = parser_sessions});
  return engine.get();
}

Result<std::shared_ptr<Engine>> answer_engine() {
  static LazyEngine engine({.memory_max = answer_memory_max, .memory_share = answer_memory_share});
  return engine.get();
}

}  // namespace bridge::duckdb
