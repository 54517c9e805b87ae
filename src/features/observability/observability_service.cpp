#include "features/observability/observability_service.h"

#include "features/observability/model_call_store.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {

namespace {

std::optional<double> dollars(std::optional<std::int64_t> nano_usd) {
  return nano_usd ? std::optional(static_cast<double>(*nano_usd) / 1e9) : std::nullopt;
}

ModelCallView to_view(const ModelCall& call) {
  std::optional<std::int64_t> written = call.cache_write_tokens;
  if (call.cache_write_long_tokens) written = written.value_or(0) + *call.cache_write_long_tokens;
  return {.id = call.id,
          .session_id = call.session_id,
          .user_id = call.person_id,
          .provider = call.provider,
          .model = call.model,
          .step = call.step,
          .attempt = call.attempt,
          .input_tokens = call.input_tokens,
          .cache_read_tokens = call.cache_read_tokens,
          .cache_write_tokens = written,
          .output_tokens = call.output_tokens,
          .usage_complete = call.usage_complete,
          .cost_usd = dollars(call.cost_nano_usd),
          .price_known = call.cost_nano_usd.has_value(),
          .price_date = call.price_date,
          .latency_ms = call.latency_ms,
          .time_to_first_token_ms = call.time_to_first_token_ms,
          .status = call.status,
          .error_code = call.error_code,
          .trace_id = call.trace_id,
          .created_at = call.created_at};
}

// The first day of the group that a day belongs to; weeks begin on Monday.
std::chrono::sys_days group_of(std::chrono::sys_days day, CostGrouping grouping) {
  if (grouping == CostGrouping::week) return day - (std::chrono::weekday(day) - std::chrono::Monday);
  if (grouping == CostGrouping::month) {
    const std::chrono::year_month_day date(day);
    return date.year() / date.month() / 1;
  }
  return day;
}

class DirectoryObservability final : public ObservabilityService {
 public:
  explicit DirectoryObservability(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Result<ModelCallList> list_model_calls(const CallContext& context, const ModelCallFilter& filter) override {
    return read_value<ModelCallList>(*database_, context, [&](Transaction& transaction) -> Result<ModelCallList> {
      ModelCallList out{.total = TRY(count_model_calls(transaction, context.team(), filter))};
      for (const ModelCall& call : TRY(bridge::list_model_calls(transaction, context.team(), filter))) out.items.push_back(to_view(call));
      const std::int64_t next = filter.offset + static_cast<std::int64_t>(out.items.size());
      if (next < out.total && !out.items.empty()) out.next_offset = next;
      return out;
    });
  }

  Result<CostSummary> summarise_cost(const CallContext& context, const std::optional<std::string>& user, CostGrouping grouping) override {
    std::optional<UserId> whose = context.caller.user_id;
    if (user) whose = *user == "*" ? std::nullopt : std::optional(UserId(*user));
    const bool own = whose && *whose == context.caller.user_id;
    if (!own && context.caller.role < Role::admin && !context.caller.is_operator)
      return fail(ErrorCode::permission_denied, "Only an admin sees what others have used");
    const auto days = TRY(read_value<std::vector<DayUse>>(
        *database_, context, [&](Transaction& transaction) { return list_use_by_day(transaction, context.team(), whose); }));
    return summarise(days, grouping);
  }

 private:
  static CostSummary summarise(const std::vector<DayUse>& days, CostGrouping grouping) {
    CostSummary out;
    std::int64_t nano_usd = 0;
    std::map<std::chrono::sys_days, DayUse> groups;
    for (const DayUse& day : days) {
      DayUse& group = groups[group_of(std::chrono::sys_days(std::chrono::days(day.day)), grouping)];
      group.tokens += day.tokens;
      group.nano_usd += day.nano_usd;
      nano_usd += day.nano_usd;
      out.total_tokens += day.tokens;
      out.unpriced_calls += day.unpriced_calls;
    }
    out.total_cost_usd = static_cast<double>(nano_usd) / 1e9;
    for (const auto& [start, use] : groups) {
      out.breakdown.push_back(
          {.date = format_time(Time(start)).substr(0, 10), .cost = static_cast<double>(use.nano_usd) / 1e9, .tokens = use.tokens});
    }
    return out;
  }

  const std::shared_ptr<Database> database_;
};

}  // namespace

std::unique_ptr<ObservabilityService> make_observability_service(std::shared_ptr<Database> database) {
  return std::make_unique<DirectoryObservability>(std::move(database));
}

}  // namespace bridge
