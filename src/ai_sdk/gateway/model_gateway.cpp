#include "ai_sdk/gateway/model_gateway.h"

#include "ai_sdk/gateway/accounting.h"
#include "ai_sdk/gateway/circuit_breaker.h"
#include "ai_sdk/gateway/redaction.h"
#include "ai_sdk/gateway/retry.h"

namespace bridge {

namespace {

// Who it is comes from the provider; what it does goes through the callers in front of it.
class GatewayProvider final : public ProviderAdapter {
 public:
  GatewayProvider(std::shared_ptr<ProviderAdapter> provider, std::shared_ptr<ModelCaller> caller)
      : provider_(std::move(provider)), caller_(std::move(caller)) {}

  std::string name() const override { return provider_->name(); }
  std::string default_model() const override { return provider_->default_model(); }
  std::vector<std::string> models() const override { return provider_->models(); }
  ProviderCapabilities capabilities(std::string_view model) const override { return provider_->capabilities(model); }
  Result<> ready() const override { return provider_->ready(); }
  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    return caller_->stream_completion(context, request, sink);
  }

 private:
  const std::shared_ptr<ProviderAdapter> provider_;
  const std::shared_ptr<ModelCaller> caller_;
};

bool needs_network(const ProviderAdapter& provider) { return provider.capabilities(provider.default_model()).needs_network; }

}  // namespace

std::vector<std::shared_ptr<ProviderAdapter>> behind_gateway(const std::vector<std::shared_ptr<ProviderAdapter>>& providers,
                                                             const std::vector<Fallback>& fallbacks, const GatewayOptions& options) {
  // One circuit a provider, whether it is asked itself or stands in for another.
  std::map<std::string, std::shared_ptr<ModelCaller>> guarded;
  for (const auto& provider : providers) {
    std::shared_ptr<ModelCaller> caller = with_accounting(provider, options.observer, options.clock);
    if (needs_network(*provider)) caller = with_circuit_breaker(std::move(caller), provider->name());
    guarded[provider->name()] = std::move(caller);
  }
  std::vector<std::shared_ptr<ProviderAdapter>> out;
  for (const auto& provider : providers) {
    std::shared_ptr<ModelCaller> caller = guarded[provider->name()];
    if (needs_network(*provider)) {
      std::vector<CallTarget> targets{{.caller = caller, .provider = provider->name()}};
      for (const Fallback& fallback : fallbacks) {
        const auto other = std::ranges::find_if(providers, [&](const auto& one) { return one->name() == fallback.provider; });
        if (other == providers.end() || *other == provider || !(*other)->ready()) continue;
        targets.push_back({.caller = guarded[fallback.provider],
                           .provider = fallback.provider,
                           .model = fallback.model.empty() ? (*other)->default_model() : fallback.model});
      }
      caller = with_retries(std::move(targets));
      if (options.limiter)
        caller = with_team_limits(std::move(caller), options.limiter, provider->capabilities(provider->default_model()).price_list,
                                  options.clock);
      if (options.redact) caller = with_redaction(std::move(caller));
    }
    out.push_back(std::make_shared<GatewayProvider>(provider, std::move(caller)));
  }
  return out;
}

}  // namespace bridge
