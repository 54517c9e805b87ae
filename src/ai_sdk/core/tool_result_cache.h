#pragma once

#include <optional>

#include "ai_sdk/tools/tool_definition.h"

namespace bridge {

// Answers of tools that were given before. An answer belongs to the team, the connection, the state of its catalog, the policies in force
// and the exact arguments. A loss is never an error. Thread-safe.
class ToolResultCache {
 public:
  virtual ~ToolResultCache() = default;
  virtual std::optional<json::object> find(const ToolContext& context, const std::string& tool, const json::object& arguments) = 0;
  virtual void keep(const ToolContext& context, const std::string& tool, const json::object& arguments, const json::object& answer) = 0;
};

}  // namespace bridge
