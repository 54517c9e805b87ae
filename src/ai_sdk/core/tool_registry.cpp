#include "ai_sdk/core/tool_registry.h"

#include "base/guarded.h"
#include "base/text.h"

namespace bridge {

namespace {

bool is_tool_name(std::string_view name) {
  constexpr std::size_t length_max = 64;
  return !name.empty() && name.size() <= length_max &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

bool may_use(const Caller& caller, const ToolDefinition& tool) { return caller.is_operator || caller.role >= tool.required_role(); }

Result<> ToolRegistry::register_tool(std::shared_ptr<ToolDefinition> tool) {
  const std::string name = tool->name();
  if (!is_tool_name(name))
    return fail(ErrorCode::invalid_argument, "bad_tool_name", str("'", name, "' is no name for a tool: use a-z, 0-9 and _, at most 64"));
  auto parameters = std::make_shared<const std::string>(json::serialize(tool->parameters()));
  if (!tools_.emplace(name, Entry{std::move(tool), std::move(parameters)}).second)
    return fail(ErrorCode::already_exists, "tool_exists", str("There is already a tool '", name, "'"));
  return {};
}

Result<std::shared_ptr<ToolDefinition>> ToolRegistry::get_tool(std::string_view name) const {
  if (const auto found = tools_.find(name); found != tools_.end()) return found->second.tool;
  Violation violation{.path = "name", .code = "unknown_tool", .got = std::string(name.substr(0, 100))};
  for (const auto& [known, entry] : tools_) violation.allowed.push_back(known);
  violation.message = str("There is no tool '", violation.got, "'; there are: ", join(violation.allowed, ", "));
  if (const auto near = nearest_name(violation.got, violation.allowed)) violation.suggestion = *near;
  return fail(Error{.code = ErrorCode::not_found, .message = violation.message, .reason = "unknown_tool", .violations = {violation}});
}

std::vector<ToolSpecification> ToolRegistry::list_tools(const ToolContext& context) const {
  std::vector<ToolSpecification> specifications;
  for (const auto& [name, entry] : tools_) {
    if (!entry.tool->listed() || !may_use(context.call.caller, *entry.tool)) continue;
    specifications.push_back({.name = name,
                              .description = entry.tool->description(),
                              .parameters = entry.parameters,
                              .offered = entry.tool->offered(context).has_value()});
  }
  return specifications;
}

std::string ToolRegistry::title_of(const ToolCall& call) const {
  const auto found = tools_.find(call.name);
  return found != tools_.end() ? found->second.tool->title(call.arguments) : replace_all(call.name, "_", " ");
}

ToolOutcome ToolRegistry::outcome_of(const ToolResult& result) const {
  const auto found = tools_.find(result.name);
  if (found == tools_.end() || !result.ok) return {};
  // What an earlier build kept may have another shape.
  return guarded([&] { return Result<ToolOutcome>(found->second.tool->outcome(result.content)); }).value_or(ToolOutcome{});
}

Result<ToolRegistry> ToolRegistry::only(const std::vector<std::string>& names) const {
  if (names.empty()) return *this;
  ToolRegistry out;
  for (const std::string& name : names) {
    TRY(get_tool(name));
    out.tools_[name] = tools_.at(name);
  }
  return out;
}

}  // namespace bridge
