#pragma once

#include <memory>

#include "platform/worker_process/worker_supervisor.h"
#include "warehouse/warehouse.h"

namespace bridge {

// The engine of `from:` queries, run in a worker of each team's own, behind walls: the same answers, errors and limits, and "query_killed"
// and what else WorkerSupervisor::call says. The answers that a query reads travel together and have 64 MiB (frame_bytes_max) at most:
// payload_too_large. The program has to know make_answers_program() of the engine.
std::shared_ptr<LocalQueryEngine> make_isolated_query_engine(std::shared_ptr<LocalQueryEngine> engine,
                                                             std::shared_ptr<WorkerSupervisor> supervisor, std::uint64_t memory_bytes_max);

}  // namespace bridge
