#include "ai_sdk/providers/anthropic/anthropic_provider.h"

#include "ai_sdk/llm_config/model_catalogue.h"
#include "ai_sdk/providers/anthropic/anthropic_error.h"
#include "ai_sdk/providers/anthropic/anthropic_request.h"
#include "ai_sdk/providers/anthropic/anthropic_stream.h"
#include "ai_sdk/providers/shared/api_url.h"

namespace bridge {

namespace {

constexpr std::string_view kName = "anthropic";
constexpr std::string_view kVersion = "2023-06-01";

class AnthropicProvider final : public ProviderAdapter {
 public:
  AnthropicProvider(AnthropicOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<const Clock> clock)
      : options_(std::move(options)), http_(std::move(http)), clock_(std::move(clock)) {}

  std::string name() const override { return std::string(kName); }
  std::string default_model() const override { return listed_models(kName).front(); }
  std::vector<std::string> models() const override { return listed_models(kName); }

  ProviderCapabilities capabilities(std::string_view) const override { return {.price_list = std::string(kName)}; }

  Result<> ready() const override {
    if (!options_.api_key.empty()) return {};
    return fail(ErrorCode::failed_precondition, "provider_not_configured", "anthropic needs a key: set ANTHROPIC_API_KEY for the server");
  }

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    TRY(ready());
    EncodedRequest encoded = encode_anthropic_request(request, traits_of_model(kName, request.model));
    for (const ProviderWarning& warning : encoded.warnings) TRY(sink(warning));
    const auto decoder = make_anthropic_decoder(request.model, str("toolu_", request.messages ? request.messages->size() : 0, "_"));
    const auto read_error = [this](int status, const Headers& headers, std::string_view body) {
      Error error = read_anthropic_error(status, headers, body, clock_->now());
      if (status == 404 && base_without_query(options_.base_url).ends_with("/v1"))
        error.message += ". ANTHROPIC_BASE_URL ends with /v1, which is added to it: leave it out";
      return error;
    };
    return stream_http_completion(context, *http_,
                                  {.method = Method::post,
                                   .url = url_below(options_.base_url, "/v1/messages"),
                                   .headers = {{"content-type", "application/json"},
                                               {"accept", "text/event-stream"},
                                               {"anthropic-version", std::string(kVersion)},
                                               {"x-api-key", options_.api_key.reveal()}},
                                   .body = std::move(encoded.body)},
                                  options_.deadlines, *decoder, read_error, sink);
  }

 private:
  const AnthropicOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace

std::shared_ptr<ProviderAdapter> make_anthropic_provider(AnthropicOptions options, std::shared_ptr<HttpClient> http,
                                                         std::shared_ptr<const Clock> clock) {
  return std::make_shared<AnthropicProvider>(std::move(options), std::move(http), std::move(clock));
}

}  // namespace bridge
