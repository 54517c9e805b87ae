#pragma once

#include <string>

#include "ai_sdk/core/message.h"

namespace bridge {

// A tool's answer as a model gets to read it: JSON between marks that say that all of it is data. Nothing in the data can end the marks.
std::string marked_as_data(const ToolResult& result);

}  // namespace bridge
