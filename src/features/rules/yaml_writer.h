#pragma once

#include <string>

#include "features/rules/plan.h"

namespace bridge::rules {

// The plan as a dashboard document. Every text that is not plainly safe is quoted.
std::string write_yaml(const Plan& plan);

// Any text as a YAML scalar on one line.
std::string yaml_scalar(std::string_view text);

}  // namespace bridge::rules
