#pragma once

#include <filesystem>
#include <memory>

#include "platform/worker_process/worker_supervisor.h"
#include "warehouse/warehouse.h"

namespace bridge {

struct IsolationOptions {
  // Where engines that write temporary files have a folder each, made and removed with the warehouse. Without links.
  std::filesystem::path scratch_folder;
  std::uint64_t memory_bytes_max = worker_memory_max;  // of one warehouse's worker
};

// A driver whose warehouses are each opened in a worker of their own, behind walls, and answer as the driver itself does: the same calls,
// errors and limits. Beside those: "query_killed" and what else WorkerSupervisor::call says; a request that killed its worker twice is not
// run again until it or its data changes. Workers are shared out by the team that opens. What a worker answers is believed as far as it
// can do no harm: its form is checked, that it keeps to the limits, and that all batches have the same columns.
// The program has to know make_warehouse_programs() of the driver.
std::shared_ptr<WarehouseDriver> make_isolated_driver(std::shared_ptr<WarehouseDriver> driver, std::shared_ptr<WorkerSupervisor> supervisor,
                                                      IsolationOptions options);

}  // namespace bridge
