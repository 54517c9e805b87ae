#pragma once

#include <memory>
#include <vector>

#include "ai_sdk/core/provider.h"

namespace bridge {

// The providers of this build by name. Immutable, so thread-safe.
class ProviderFactory final {
 public:
  // `default_name` is what a request that names none gets.
  ProviderFactory(std::vector<std::shared_ptr<ProviderAdapter>> providers, std::string default_name)
      : providers_(std::move(providers)), default_name_(std::move(default_name)) {}

  // The default for an empty name; invalid_argument ("unknown_provider") lists what there is.
  Result<std::shared_ptr<ProviderAdapter>> get_provider(std::string_view name) const;
  const std::string& default_name() const { return default_name_; }
  std::vector<std::string> names() const;

 private:
  std::vector<std::shared_ptr<ProviderAdapter>> providers_;
  std::string default_name_;
};

}  // namespace bridge
