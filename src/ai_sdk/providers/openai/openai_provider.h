#pragma once

#include <memory>

#include "ai_sdk/core/provider.h"
#include "ai_sdk/llm_config/model_catalogue.h"
#include "ai_sdk/providers/shared/http_completion.h"
#include "base/secret.h"
#include "base/time.h"

namespace bridge {

struct OpenaiOptions {
  Secret api_key;  // may be empty for a server that wants none
  std::string base_url = "https://api.openai.com/v1";
  OpenaiProfile profile = {};
  bool key_required = true;
  CallDeadlines deadlines = {};
};

// OpenAI over Chat Completions, and every server that speaks the same.
std::shared_ptr<ProviderAdapter> make_openai_provider(OpenaiOptions options, std::shared_ptr<HttpClient> http,
                                                      std::shared_ptr<const Clock> clock);

}  // namespace bridge
