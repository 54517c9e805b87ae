#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "features/dashboard_validation/validation.h"

// The same records as people read them in a terminal, and as CI systems do.

namespace bridge {

struct FileReport {
  std::string file;
  ValidationReport report;
};

// One "file:line:column: error: message [code]" a line, as compilers write it, with what was meant below; a summary at the end.
std::string format_violations_text(const std::vector<FileReport>& files);

// SARIF 2.1.0, one run.
json::object format_violations_sarif(const std::vector<FileReport>& files, std::string_view tool_version);

}  // namespace bridge
