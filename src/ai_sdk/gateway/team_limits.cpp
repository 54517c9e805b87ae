#include "ai_sdk/gateway/team_limits.h"

#include <list>
#include <mutex>

#include "ai_sdk/gateway/limits.h"
#include "ai_sdk/llm_config/price_list.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kBytesPerToken = 3;  // few, so that what is set aside is rather too much

// A counter that begins anew at each full hour or day.
struct Window {
  Time start{};
  std::int64_t used = 0;
  std::int64_t reserved = 0;
  bool known = false;  // what was used before this process began is in it
};

struct TeamState {
  int calls = 0;
  Window hour;  // tokens
  Window day;   // nano-dollars
};

std::int64_t estimate_prompt_tokens(const CompletionRequest& request) {
  std::size_t bytes = 0;
  static const std::vector<PromptText> no_blocks;
  static const std::vector<Message> no_messages;
  for (const PromptText& block : request.prompt_blocks ? *request.prompt_blocks : no_blocks) bytes += block.content.size();
  for (const Message& message : request.messages ? *request.messages : no_messages) {
    bytes += message.text.size() + (message.opaque ? message.opaque->json.size() : 0);
    // Arguments and results are JSON values: their text is not at hand, and measuring it costs as much as writing it.
    for (const ToolCall& call : message.tool_calls) bytes += json::serialize(call.arguments).size();
    for (const ToolResult& result : message.tool_results) bytes += json::serialize(result.content).size();
  }
  return static_cast<std::int64_t>(bytes / kBytesPerToken);
}

std::unexpected<Error> over(std::string reason, std::string message, std::chrono::milliseconds retry_after) {
  return fail(Error{.code = ErrorCode::resource_exhausted,
                    .message = std::move(message),
                    .reason = std::move(reason),
                    .retry_after = retry_after,
                    .retryable = false});
}

// Collects what the attempts of one call used, and passes their records on.
class UseCounter final : public ModelCallObserver {
 public:
  explicit UseCounter(ModelCallObserver* next) : next_(next) {}
  void on_model_call(const ModelCallRecord& record) override {
    use_.tokens += prompt_tokens(record.usage) + record.usage.output_tokens.value_or(0);
    use_.nano_usd += record.cost_nano_usd.value_or(0);
    if (next_) next_->on_model_call(record);
  }
  const TeamUse& use() const { return use_; }

 private:
  ModelCallObserver* next_;
  TeamUse use_;
};

class WindowedLimiter final : public TeamLimiter {
 public:
  WindowedLimiter(TeamLimits limits, std::shared_ptr<const Clock> clock, TeamUseReader read_use)
      : limits_(limits), clock_(std::move(clock)), read_use_(std::move(read_use)) {}

  Result<> reserve(const CallContext& context, const TeamUse& most) override {
    learn_past_use(context);
    return set_aside(context.caller.team_id, most);
  }

  void settle(const TeamId& team, const TeamUse& reserved, const TeamUse& used) override {
    const std::lock_guard lock(mutex_);
    TeamState& state = state_of(team);
    roll(state, clock_->now());
    state.calls = std::max(0, state.calls - 1);
    state.hour.reserved = std::max<std::int64_t>(0, state.hour.reserved - reserved.tokens);
    state.day.reserved = std::max<std::int64_t>(0, state.day.reserved - reserved.nano_usd);
    state.hour.used += used.tokens;
    state.day.used += used.nano_usd;
  }

 private:
  // Before the lock: the account is read from the directory.
  void learn_past_use(const CallContext& context) {
    if (!read_use_ || (limits_.tokens_per_hour_max == 0 && limits_.nano_usd_per_day_max == 0)) return;
    const Time hour = std::chrono::floor<std::chrono::hours>(clock_->now());
    const Time day = std::chrono::floor<std::chrono::days>(clock_->now());
    {
      const std::lock_guard lock(mutex_);
      const TeamState& state = state_of(context.caller.team_id);
      if (state.hour.known && state.day.known) return;
    }
    const auto of_hour = read_use_(context, context.team(), hour);
    const auto of_day = read_use_(context, context.team(), day);
    const std::lock_guard lock(mutex_);
    TeamState& state = state_of(context.caller.team_id);
    if (!of_hour || !of_day) {
      log_warning("team_use_unknown", {{"error", describe_error(of_hour ? of_day.error() : of_hour.error())}});
      return;
    }
    if (!state.hour.known) state.hour = {.start = hour, .used = of_hour->tokens, .reserved = state.hour.reserved, .known = true};
    if (!state.day.known) state.day = {.start = day, .used = of_day->nano_usd, .reserved = state.day.reserved, .known = true};
  }

  Result<> set_aside(const TeamId& team, const TeamUse& wanted) {
    const std::lock_guard lock(mutex_);
    TeamState& state = state_of(team);
    const Time now = clock_->now();
    roll(state, now);
    if (limits_.calls_at_once_max > 0 && state.calls >= limits_.calls_at_once_max) {
      return over("team_busy", str("Your team already has ", state.calls, " answers of models under way; wait for one to end"),
                  std::chrono::seconds(1));
    }
    if (limits_.tokens_per_hour_max > 0 && state.hour.used + state.hour.reserved + wanted.tokens > limits_.tokens_per_hour_max) {
      return over("team_token_limit",
                  str("Your team has used ", format_count(static_cast<std::uint64_t>(state.hour.used)), " of the ",
                      format_count(static_cast<std::uint64_t>(limits_.tokens_per_hour_max)),
                      " tokens of this hour, and this call may need more than is left"),
                  std::chrono::ceil<std::chrono::milliseconds>(state.hour.start + std::chrono::hours(1) - now));
    }
    if (limits_.nano_usd_per_day_max > 0 && state.day.used + state.day.reserved + wanted.nano_usd > limits_.nano_usd_per_day_max) {
      return over(
          "team_budget_spent",
          str("Your team has spent ", format_usd(state.day.used), " of today's ", format_usd(limits_.nano_usd_per_day_max),
              ", and this call may cost more than is left. The day ends at midnight UTC; an operator can raise BRIDGE_TEAM_USD_PER_DAY"),
          std::chrono::ceil<std::chrono::milliseconds>(state.day.start + std::chrono::days(1) - now));
    }
    ++state.calls;
    state.hour.reserved += wanted.tokens;
    state.day.reserved += wanted.nano_usd;
    return {};
  }

  static void roll(TeamState& state, Time now) {
    const Time hour = std::chrono::floor<std::chrono::hours>(now);
    const Time day = std::chrono::floor<std::chrono::days>(now);
    if (state.hour.start != hour) state.hour = {.start = hour, .reserved = state.hour.reserved, .known = state.hour.known};
    if (state.day.start != day) state.day = {.start = day, .reserved = state.day.reserved, .known = state.day.known};
  }

  static std::string format_usd(std::int64_t nano_usd) {
    // Small amounts in more digits: a day's budget may be a few cents.
    const bool small = nano_usd < 1'000'000'000;
    char text[40];
    std::snprintf(text, sizeof text, small ? "$%.4f" : "$%.2f", static_cast<double>(nano_usd) / 1e9);
    return text;
  }

  TeamState& state_of(const TeamId& team) {
    if (const auto found = teams_.find(team); found != teams_.end()) return found->second;
    if (order_.size() >= kTeamsRememberedMax) {
      teams_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(team);
    return teams_[team];
  }

  const TeamLimits limits_;
  const std::shared_ptr<const Clock> clock_;
  const TeamUseReader read_use_;
  std::mutex mutex_;
  std::unordered_map<TeamId, TeamState> teams_;
  std::list<TeamId> order_;  // oldest first
};

class LimitedCaller final : public ModelCaller {
 public:
  LimitedCaller(std::shared_ptr<ModelCaller> caller, std::shared_ptr<TeamLimiter> limiter, std::string price_list,
                std::shared_ptr<const Clock> clock)
      : caller_(std::move(caller)), limiter_(std::move(limiter)), price_list_(std::move(price_list)), clock_(std::move(clock)) {}

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    const TeamUse most = most_that_it_can_use(request);
    TRY(limiter_->reserve(context, most));
    UseCounter counter(request.observer);
    const AtEnd settle([&] { limiter_->settle(context.caller.team_id, most, counter.use()); });
    CompletionRequest counted = request;
    counted.observer = &counter;
    return caller_->stream_completion(context, counted, sink);
  }

 private:
  TeamUse most_that_it_can_use(const CompletionRequest& request) const {
    const std::int64_t prompt = estimate_prompt_tokens(request);
    TeamUse use{.tokens = prompt + request.max_output_tokens};
    if (const auto rates = find_rates(price_list_, request.model, clock_->now(), prompt, {}))
      use.nano_usd = prompt * std::max(rates->input, rates->cache_write) + request.max_output_tokens * rates->output;
    return use;
  }

  const std::shared_ptr<ModelCaller> caller_;
  const std::shared_ptr<TeamLimiter> limiter_;
  const std::string price_list_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace

std::shared_ptr<TeamLimiter> make_team_limiter(TeamLimits limits, std::shared_ptr<const Clock> clock, TeamUseReader read_use) {
  return std::make_shared<WindowedLimiter>(limits, std::move(clock), std::move(read_use));
}

std::shared_ptr<ModelCaller> with_team_limits(std::shared_ptr<ModelCaller> caller, std::shared_ptr<TeamLimiter> limiter,
                                              std::string price_list, std::shared_ptr<const Clock> clock) {
  return std::make_shared<LimitedCaller>(std::move(caller), std::move(limiter), std::move(price_list), std::move(clock));
}

}  // namespace bridge
