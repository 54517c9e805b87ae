#include "ai_sdk/core/provider_list.h"

#include "ai_sdk/providers/anthropic/anthropic_provider.h"
#include "ai_sdk/providers/openai/openai_provider.h"

namespace bridge {

namespace {

std::string without_last_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::shared_ptr<ProviderAdapter> make_anthropic(const ProviderSettings& settings) {
  AnthropicOptions options{.api_key = settings.anthropic_api_key};
  if (!settings.anthropic_base_url.empty()) options.base_url = without_last_slash(settings.anthropic_base_url);
  return make_anthropic_provider(std::move(options), settings.http, settings.clock);
}

Result<std::shared_ptr<ProviderAdapter>> make_openai(const ProviderSettings& settings) {
  OpenaiOptions options{.api_key = settings.openai_api_key};
  if (!settings.openai_base_url.empty()) options.base_url = without_last_slash(settings.openai_base_url);
  options.profile = TRY(find_openai_profile(settings.openai_profile, options.base_url + "/"));
  options.key_required = settings.openai_base_url.empty();
  return make_openai_provider(std::move(options), settings.http, settings.clock);
}

}  // namespace

Result<std::vector<std::shared_ptr<ProviderAdapter>>> make_providers(const ProviderSettings& settings) {
  return std::vector<std::shared_ptr<ProviderAdapter>>{
      make_anthropic(settings),
      TRY(make_openai(settings)),
  };
}

}  // namespace bridge
