#include "ai_sdk/providers/shared/data_mark.h"

#include "base/text.h"

namespace bridge {

std::string marked_as_data(const ToolResult& result) {
  // "<\/" is the same text in JSON.
  return str("<data>\n", replace_all(json::serialize(result.content), "</", "<\\/"), "\n</data>");
}

}  // namespace bridge
