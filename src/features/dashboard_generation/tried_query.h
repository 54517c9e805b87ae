#pragma once

#include <memory>
#include <string>

#include "features/dashboard_compiler/parameters.h"
#include "features/dashboard_generation/generation_tools.h"

namespace bridge {

// A SELECT that a model or the rules wrote, with the defaults of its parameters bound, before it stands in a document.
struct TriedQuery {
  std::shared_ptr<Warehouse> warehouse;
  BoundSql bound;
};

// invalid_argument with places in `sql` when it cannot be bound. `params_block`: as in a document.
Result<TriedQuery> bind_with_defaults(const GenerationToolParts& parts, const ToolContext& context, const std::string& sql,
                                      const json::object& params_block);

// Line and column (from 1, in characters) of an offset.
Position place_of(std::string_view text, std::size_t offset);

}  // namespace bridge
