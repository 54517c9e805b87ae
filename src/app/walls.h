#pragma once

#include <memory>

#include "platform/worker_process/worker_supervisor.h"

namespace bridge {

// Whether engines are behind all the walls that there are: asked of a worker that does nothing, at most once a minute. Thread-safe.
class Walls {
 public:
  virtual ~Walls() = default;
  // failed_precondition ("walls_missing") with each layer that this system does not have, and why.
  virtual Result<> check(const CallContext& context) = 0;
};

std::unique_ptr<Walls> make_walls(std::shared_ptr<WorkerSupervisor> workers);

}  // namespace bridge
