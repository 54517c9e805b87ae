#include "features/dashboard_generation/generation_tools.h"

namespace bridge {

// Every tool, and what it takes part in: `making` a dashboard, or only `talking` about data. `TOOL(name, …)` is make_<name>_tool of
// <name>_tool.cpp, which says all else about itself.
#define BRIDGE_AGENT_TOOLS(TOOL)        \
  TOOL(list_datasets, making)           \
  TOOL(list_tables, making)             \
  TOOL(get_table_schema, making)        \
  TOOL(count_answer_rows, making)       \
  TOOL(find_values, making)             \
  TOOL(run_dry_run_query, making)       \
  TOOL(validate_dashboard_yaml, making) \
  TOOL(save_dashboard_yaml, making)     \
  TOOL(run_query, talking)              \
  TOOL(show_chart, talking)

#define BRIDGE_DECLARE_TOOL(name, part) std::shared_ptr<ToolDefinition> make_##name##_tool(const GenerationToolParts& parts);
BRIDGE_AGENT_TOOLS(BRIDGE_DECLARE_TOOL)
#undef BRIDGE_DECLARE_TOOL

namespace {

enum class Part : std::uint8_t { making, talking };

struct ToolEntry {
  std::shared_ptr<ToolDefinition> (*make)(const GenerationToolParts& parts);
  Part part;
};

#define BRIDGE_TOOL_ENTRY(name, part) {&make_##name##_tool, Part::part},
constexpr ToolEntry kTools[] = {BRIDGE_AGENT_TOOLS(BRIDGE_TOOL_ENTRY)};
#undef BRIDGE_TOOL_ENTRY

Result<> add_tools(ToolRegistry& registry, const GenerationToolParts& parts, Part part) {
  for (const ToolEntry& tool : kTools) {
    if (tool.part == part) TRY(registry.register_tool(tool.make(parts)));
  }
  return {};
}

}  // namespace

Result<ToolRegistry> make_generation_tools(const GenerationToolParts& parts) {
  ToolRegistry registry;
  TRY(add_tools(registry, parts, Part::making));
  return registry;
}

Result<ToolRegistry> make_chat_tools(const GenerationToolParts& parts) {
  ToolRegistry registry = TRY(make_generation_tools(parts));
  TRY(add_tools(registry, parts, Part::talking));
  return registry;
}

}  // namespace bridge
