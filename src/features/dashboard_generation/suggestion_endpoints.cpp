#include "features/dashboard_generation/suggestion_endpoints.h"

namespace bridge {

namespace {

constexpr std::size_t kSuggestionBodyBytesMax = 2 * compiler_limits::kSqlBytesMax;  // JSON escapes line ends

Result<Response> suggest(SuggestionService& suggestions, const Request& request) {
  const auto input = TRY(request.json_body<SuggestionRequest>());
  return ok(TRY(suggestions.suggest(request.context, input)));
}

}  // namespace

std::vector<Route> make_suggestion_routes(SuggestionService& suggestions) {
  Route route{
      .method = Method::post,
      .path = "/v1/charts/suggest",
      .access = Access::editor,
      .handler = [&suggestions](const Request& request) { return suggest(suggestions, request); },
      .docs = docs<SuggestionRequest, Suggestions>(
          "suggest_charts", "Dashboards",
          "A sentence's likeliest readings as charts, best first, and what became of each word; nothing is saved and no model is asked",
          "SuggestionRequest", "Suggestions"),
      .body_bytes_max = kSuggestionBodyBytesMax};
  return {route};
}

}  // namespace bridge
