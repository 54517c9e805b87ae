#pragma once

#include <memory>

#include "ai_sdk/core/provider.h"
#include "ai_sdk/providers/shared/http_completion.h"
#include "base/secret.h"
#include "base/time.h"

namespace bridge {

struct AnthropicOptions {
  Secret api_key;
  std::string base_url = "https://api.anthropic.com";
  CallDeadlines deadlines = {};
};

// Claude over the Messages API.
std::shared_ptr<ProviderAdapter> make_anthropic_provider(AnthropicOptions options, std::shared_ptr<HttpClient> http,
                                                         std::shared_ptr<const Clock> clock);

}  // namespace bridge
