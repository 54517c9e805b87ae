#pragma once

#include <map>
#include <memory>
#include <vector>

#include "ai_sdk/core/provider.h"
#include "ai_sdk/tools/tool_definition.h"

namespace bridge {

// The tools of one agent, by name. Filled once, then read by many threads.
class ToolRegistry final {
 public:
  // already_exists when a tool of that name is there; invalid_argument for a name that model APIs do not take ([a-z0-9_]{1,64}).
  Result<> register_tool(std::shared_ptr<ToolDefinition> tool);

  // not_found names the nearest tool and lists all.
  Result<std::shared_ptr<ToolDefinition>> get_tool(std::string_view name) const;

  // What this caller's role lets a model use, by name, always in the same order: providers cache by the exact text.
  std::vector<ToolSpecification> list_tools(const ToolContext& context) const;

  // What a call does, for people: as its tool says, or the name in words where there is no such tool.
  std::string title_of(const ToolCall& call) const;
  // What an answer is, read again from a transcript: no more than an answer where its tool is gone, or it was cut.
  ToolOutcome outcome_of(const ToolResult& result) const;

  // The same tools but for those that are not named; all of them when nothing is named. not_found names the nearest tool.
  Result<ToolRegistry> only(const std::vector<std::string>& names) const;

 private:
  struct Entry {
    std::shared_ptr<ToolDefinition> tool;
    std::shared_ptr<const std::string> parameters;  // written once
  };
  std::map<std::string, Entry, std::less<>> tools_;
};

bool may_use(const Caller& caller, const ToolDefinition& tool);

}  // namespace bridge
