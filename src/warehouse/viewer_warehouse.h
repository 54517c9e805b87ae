#pragma once

#include <memory>

#include "warehouse/warehouse.h"

namespace bridge {

// The same warehouse, in which each caller sees what their policy (Caller::policy) lets them see: SQL is judged as it was written, then
// rewritten, then run, dry runs too. What an engine tells of the values of a whole table (statistics) is unsupported ("viewer_policy") for
// whoever has a policy. Callers without one are passed through.
std::shared_ptr<Warehouse> make_viewer_warehouse(std::shared_ptr<Warehouse> inner);

}  // namespace bridge
