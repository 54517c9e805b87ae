#pragma once

#include <string>
#include <vector>

#include "ai_sdk/core/provider.h"

namespace bridge {

struct EncodedRequest {
  std::string body;
  std::vector<ProviderWarning> warnings;  // wishes that this model does not take, left out
};

}  // namespace bridge
