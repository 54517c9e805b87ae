#pragma once

#include <functional>
#include <memory>

#include "base/result.h"

namespace bridge {

// Runs pieces of work on shared threads. Thread-safe.
class WorkPool {
 public:
  virtual ~WorkPool() = default;

  // Runs `work(0)` to `work(count - 1)`, as many at a time as the pool allows, and returns when all are done. A piece that throws takes no
  // other with it; the first such failure is the error.
  virtual Result<> run_all(std::size_t count, const std::function<void(std::size_t)>& work) = 0;
};

std::unique_ptr<WorkPool> make_work_pool(int threads);

}  // namespace bridge
