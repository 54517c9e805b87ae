#include "features/dashboard_generation/generation_tools.h"

namespace bridge {

Result<ToolRegistry> make_generation_tools(const GenerationToolParts& parts) {
  ToolRegistry registry;
  TRY(registry.register_tool(make_list_datasets_tool(parts)));
  TRY(registry.register_tool(make_list_tables_tool(parts)));
  TRY(registry.register_tool(make_get_table_schema_tool(parts)));
  TRY(registry.register_tool(make_count_answer_rows_tool(parts)));
  TRY(registry.register_tool(make_find_values_tool(parts)));
  TRY(registry.register_tool(make_run_dry_run_query_tool(parts)));
  TRY(registry.register_tool(make_validate_dashboard_yaml_tool(parts)));
  TRY(registry.register_tool(make_save_dashboard_yaml_tool(parts)));
  return registry;
}

Result<ToolRegistry> make_chat_tools(const GenerationToolParts& parts) {
  ToolRegistry registry = TRY(make_generation_tools(parts));
  TRY(registry.register_tool(make_run_query_tool(parts)));
  TRY(registry.register_tool(make_show_chart_tool(parts)));
  return registry;
}

}  // namespace bridge
