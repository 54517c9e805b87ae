#pragma once

#include <memory>

#include "warehouse/warehouse.h"

namespace bridge {

// The same warehouse, with nothing believed of its engine: what it throws is an error, a call that has ended is not begun, an answer whose
// columns do not fit its rows, or each other from batch to batch, ends with data_loss ("answer_broken"), tables and columns whose names
// cannot be written in SQL (empty, not UTF-8, with a character 0) are left out, as is what was not asked for.
std::shared_ptr<Warehouse> make_checked_warehouse(std::shared_ptr<Warehouse> inner);

}  // namespace bridge
