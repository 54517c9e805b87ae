#include "features/dashboard_generation/generation_endpoints.h"

namespace bridge {

namespace {

constexpr int kGenerationTimeoutMs = 660'000;  // over the longest turn, so that a turn's own limit speaks first
constexpr std::size_t kGenerationBodyBytesMax = 16 << 10;

Result<Response> generate(GenerationService& generation, const Request& request) {
  const auto input = TRY(request.json_body<GenerationRequest>());
  // Shared, because what runs a stream must be copyable.
  const auto start = std::make_shared<GenerationStart>(TRY(generation.start(request.context, input)));
  Response response;
  response.stream = [&generation, start](EventSink& sink, const CallContext& context) {
    (void)generation.run(context, std::move(*start), sink);
  };
  return response;
}

}  // namespace

std::vector<Route> make_generation_routes(GenerationService& generation) {
  Route route{.method = Method::post,
              .path = "/v1/dashboards/generate",
              .access = Access::editor,
              .handler = [&generation](const Request& request) { return generate(generation, request); },
              .docs = docs<GenerationRequest, void>(
                  "generate_dashboard", "Dashboards",
                  "A dashboard from a sentence, as an event stream: session, token, tool_call, tool_result, then done or error",
                  "GenerationRequest"),
              .streams = true,
              .body_bytes_max = kGenerationBodyBytesMax,
              .timeout_ms = kGenerationTimeoutMs};
  return {route};
}

}  // namespace bridge
