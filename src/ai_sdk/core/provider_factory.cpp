#include "ai_sdk/core/provider_factory.h"

#include "base/bad_field.h"
#include "base/text.h"

namespace bridge {

Result<std::shared_ptr<ProviderAdapter>> ProviderFactory::get_provider(std::string_view name) const {
  const std::string_view wanted = name.empty() ? std::string_view(default_name_) : name;
  for (const auto& provider : providers_) {
    if (provider->name() != wanted) continue;
    TRY(provider->ready());
    return provider;
  }
  Violation violation{.path = "provider", .code = "unknown_provider", .got = std::string(wanted.substr(0, 100)), .allowed = names()};
  violation.message = str("There is no provider '", violation.got, "' here; there are: ", join(violation.allowed, ", "));
  if (const auto near = nearest_name(violation.got, violation.allowed)) violation.suggestion = *near;
  return bad_field(std::move(violation), {.reason = "unknown_provider"});
}

Result<std::string> ProviderFactory::choose_model(const ProviderAdapter& provider, std::string_view requested) const {
  if (requested.empty()) {
    const bool configured = provider.name() == default_name_ && !default_model_.empty();
    return configured ? default_model_ : provider.default_model();
  }
  const std::vector<std::string> models = provider.models();
  if (provider.capabilities(requested).needs_network || std::ranges::find(models, requested) != models.end()) return std::string(requested);
  Violation violation{.path = "model", .code = "unknown_model", .got = std::string(requested.substr(0, 100)), .allowed = models};
  violation.message = str(provider.name(), " has no model '", violation.got, "'; it has: ", join(models, ", "));
  if (const auto near = nearest_name(violation.got, models)) violation.suggestion = *near;
  return bad_field(std::move(violation), {.reason = "unknown_model"});
}

std::vector<std::string> ProviderFactory::names() const {
  std::vector<std::string> names;
  for (const auto& provider : providers_) names.push_back(provider->name());
  return names;
}

}  // namespace bridge
