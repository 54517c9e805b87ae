#include "ai_sdk/core/provider_list.h"

#include "ai_sdk/providers/rules/rules_provider.h"

namespace bridge {

std::vector<std::shared_ptr<ProviderAdapter>> make_providers() {
  return {
      make_rules_provider(),
  };
}

}  // namespace bridge
