#pragma once

#include <functional>
#include <memory>

#include "warehouse/warehouse.h"

namespace bridge {

// Who counts what is read.
struct ReadingMeter {
  // Before a query runs, with the bytes that its dry run said; it does not run when this fails.
  std::function<Result<>(const CallContext&, std::uint64_t bytes)> take;
  // After it failed.
  std::function<void(const CallContext&, std::uint64_t bytes)> give_back;
};

// The warehouse, whose every run is counted. What a run reads is known from the dry run before it, which is repeated where it was not made
// here. Dry runs, names and checks count nothing.
std::shared_ptr<Warehouse> make_metered_warehouse(std::shared_ptr<Warehouse> inner, ReadingMeter meter);

}  // namespace bridge
