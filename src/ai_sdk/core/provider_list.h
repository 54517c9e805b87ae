#pragma once

#include <memory>
#include <vector>

#include "ai_sdk/core/provider.h"

namespace bridge {

// Every provider of this build; a new one is its folder and one line in provider_list.cpp.
std::vector<std::shared_ptr<ProviderAdapter>> make_providers();

}  // namespace bridge
