#pragma once

#include <memory>
#include <vector>

#include "ai_sdk/core/provider.h"

namespace bridge {

// The providers of this build by name. Immutable, so thread-safe.
class ProviderFactory final {
 public:
  // What a request that names none gets; an empty model is the provider's own default.
  ProviderFactory(std::vector<std::shared_ptr<ProviderAdapter>> providers, std::string default_name, std::string default_model = {})
      : providers_(std::move(providers)), default_name_(std::move(default_name)), default_model_(std::move(default_model)) {}

  // The default for an empty name. invalid_argument ("unknown_provider") lists what there is; failed_precondition
  // ("provider_not_configured") says what it lacks.
  Result<std::shared_ptr<ProviderAdapter>> get_provider(std::string_view name) const;

  // The model for a request that named this one. invalid_argument ("unknown_model") when the provider is part of this program and has no
  // such model; servers say it themselves when they are asked.
  Result<std::string> choose_model(const ProviderAdapter& provider, std::string_view requested) const;

  const std::string& default_name() const { return default_name_; }
  const std::vector<std::shared_ptr<ProviderAdapter>>& providers() const { return providers_; }
  std::vector<std::string> names() const;

 private:
  std::vector<std::shared_ptr<ProviderAdapter>> providers_;
  std::string default_name_;
  std::string default_model_;
};

}  // namespace bridge
