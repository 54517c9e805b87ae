#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ai_sdk/core/provider.h"
#include "base/secret.h"
#include "base/time.h"
#include "platform/http/client.h"

namespace bridge {

// What providers need from outside: the settings of their names, a way out, the time.
struct ProviderSettings {
  Secret anthropic_api_key;
  std::string anthropic_base_url;  // empty: the vendor's
  Secret openai_api_key;
  std::string openai_base_url;  // empty: the vendor's
  std::string openai_profile;   // empty: by the base URL
  std::shared_ptr<HttpClient> http;
  std::shared_ptr<const Clock> clock;
};

// Every provider of a model API in this build; a new one is its folder and one line in provider_list.cpp. invalid_argument for a bad
// setting.
Result<std::vector<std::shared_ptr<ProviderAdapter>>> make_providers(const ProviderSettings& settings);

}  // namespace bridge
