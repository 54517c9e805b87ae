#include "ai_sdk/providers/openai/openai_provider.h"

#include "ai_sdk/providers/openai/openai_error.h"
#include "ai_sdk/providers/openai/openai_request.h"
#include "ai_sdk/providers/openai/openai_stream.h"
#include "ai_sdk/providers/shared/api_url.h"

namespace bridge {

namespace {

constexpr std::string_view kName = "openai";

class OpenaiProvider final : public ProviderAdapter {
 public:
  OpenaiProvider(OpenaiOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<const Clock> clock)
      : options_(std::move(options)), http_(std::move(http)), clock_(std::move(clock)) {}

  std::string name() const override { return std::string(kName); }
  std::string default_model() const override { return listed_models(kName).front(); }
  std::vector<std::string> models() const override { return listed_models(kName); }

  ProviderCapabilities capabilities(std::string_view) const override { return {.price_list = options_.profile.price_list}; }

  Result<> ready() const override {
    if (!options_.key_required || !options_.api_key.empty()) return {};
    return fail(ErrorCode::failed_precondition, "provider_not_configured",
                "openai needs a key: set OPENAI_API_KEY for the server, or OPENAI_BASE_URL to a server that wants none");
  }

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    TRY(ready());
    EncodedRequest encoded = encode_openai_request(request, traits_of_model(kName, request.model), options_.profile);
    for (const ProviderWarning& warning : encoded.warnings) TRY(sink(warning));
    Headers headers{{"content-type", "application/json"}, {"accept", "text/event-stream"}};
    if (!options_.api_key.empty()) headers.emplace_back("authorization", str("Bearer ", options_.api_key.reveal()));
    const std::size_t messages = request.messages ? request.messages->size() : 0;
    std::vector<std::string> tool_names;
    if (request.tools) std::ranges::transform(*request.tools, std::back_inserter(tool_names), &ToolSpecification::name);
    const auto decoder = make_openai_decoder(options_.profile, str("call_", messages, "_"), std::move(tool_names));
    const auto read_error = [this](int status, const Headers& answered, std::string_view body) {
      Error error = read_openai_error(status, answered, body, clock_->now());
      if (status == 404 && error.reason != "model_not_found" && !base_without_query(options_.base_url).ends_with("/v1"))
        error.message += ". Most servers have their API below /v1, which OPENAI_BASE_URL does not end with";
      return error;
    };
    return stream_http_completion(context, *http_,
                                  {.method = Method::post,
                                   .url = url_below(options_.base_url, "/chat/completions"),
                                   .headers = std::move(headers),
                                   .body = std::move(encoded.body)},
                                  options_.deadlines, *decoder, read_error, sink);
  }

 private:
  const OpenaiOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace

std::shared_ptr<ProviderAdapter> make_openai_provider(OpenaiOptions options, std::shared_ptr<HttpClient> http,
                                                      std::shared_ptr<const Clock> clock) {
  return std::make_shared<OpenaiProvider>(std::move(options), std::move(http), std::move(clock));
}

}  // namespace bridge
