#include "features/observability/observability_endpoints.h"

#include "base/bad_field.h"
#include "features/teams/page.h"

namespace bridge {

namespace {

constexpr std::int64_t kOffsetMax = 1'000'000;

std::unexpected<Error> bad_query(std::string_view name, std::string message) {
  return bad_value({.path = std::string(name), .code = "bad_value", .message = std::move(message)});
}

Result<std::optional<Time>> read_time(const Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return std::optional<Time>{};
  const auto time = parse_time(*text);
  if (!time) return bad_query(name, "must be a day (2026-11-25) or a time (2026-11-25T10:00:00Z)");
  return std::optional(*time);
}

// A bare day as the end of a period means all of it.
Result<std::optional<Time>> read_end(const Request& request, std::string_view name) {
  auto time = TRY(read_time(request, name));
  constexpr std::size_t day_bytes = 10;
  if (time && request.query_value(name)->size() == day_bytes) *time += std::chrono::days(1);
  return time;
}

Result<ModelCallFilter> read_filter(const Request& request) {
  ModelCallFilter filter{.session_id = SessionId(request.query_value("session_id").value_or("")),
                         .provider = request.query_value("provider").value_or("")};
  filter.from = TRY(read_time(request, "start_date"));
  filter.until = TRY(read_end(request, "end_date"));
  filter.limit = TRY(read_page(request)).limit;
  if (const auto text = request.query_value("offset")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), filter.offset);
    if (error != std::errc{} || end != text->data() + text->size() || filter.offset < 0 || filter.offset > kOffsetMax)
      return bad_query("offset", str("must be a number from 0 to ", kOffsetMax));
  }
  return filter;
}

Result<CostGrouping> read_grouping(const Request& request) {
  const std::string text = request.query_value("group_by").value_or("day");
  if (const auto grouping = enum_value<CostGrouping>(text)) return *grouping;
  return bad_query("group_by", str("must be one of ", join(enum_names<CostGrouping>(), ", ")));
}

}  // namespace

std::vector<Route> make_observability_routes(ObservabilityService& service, ToolCache& tool_cache) {
  return {
      {Method::get, "/v1/observability/model-calls", Access::admin,
       [&service](const Request& request) -> Result<Response> {
         return ok(TRY(service.list_model_calls(request.context, TRY(read_filter(request)))));
       },
       docs<void, ModelCallList>("list_model_calls", "Observability", "Every request to a model provider, newest first", {},
                                 "ModelCallList",
                                 {{"session_id", "of one conversation"},
                                  {"provider", "of one provider"},
                                  {"start_date", "from this day or time on"},
                                  {"end_date", "until this time, or the end of this day"},
                                  {"limit", "1 to 1,000; default 100"},
                                  {"offset", "how many to leave out"}})},
      {Method::get, "/v1/observability/cost-summary", Access::viewer,
       [&service](const Request& request) -> Result<Response> {
         return ok(TRY(service.summarise_cost(request.context, request.query_value("user_id"), TRY(read_grouping(request)))));
       },
       docs<void, CostSummary>(
           "summarise_cost", "Observability", "What calls to models have cost", {}, "CostSummary",
           {{"user_id", "whose; yours when missing; admins: anybody's, or * for the whole team"}, {"group_by", "day, week or month"}})},
      {Method::get, "/v1/observability/tool-cache-stats", Access::viewer,
       [&tool_cache](const Request& request) -> Result<Response> { return ok(TRY(tool_cache.statistics(request.context))); },
       docs<void, ToolCacheStatistics>("get_tool_cache_stats", "Observability", "How often tools were answered from the cache", {},
                                       "ToolCacheStatistics")},
  };
}

}  // namespace bridge
