#include "ai_sdk/gateway/accounting.h"

#include "ai_sdk/core/gen_ai_spans.h"
#include "ai_sdk/llm_config/price_list.h"
#include "base/guarded.h"
#include "platform/telemetry/metrics.h"

namespace bridge {

namespace {

using SteadyClock = CallContext::Clock;

std::int64_t milliseconds_since(SteadyClock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - start).count();
}

bool is_output(const StreamPart& part) {
  return std::holds_alternative<TextDelta>(part) || std::holds_alternative<ReasoningDelta>(part) ||
         std::holds_alternative<ToolCallStart>(part);
}

void count_call(const ModelCallRecord& record) {
  const std::string status(enum_name(record.status));
  counter("bridge_model_calls_total", "Requests to model providers", {{"provider", record.provider}, {"status", status}}).add();
  const auto add_tokens = [&](const char* type, std::optional<std::int64_t> count) {
    if (count && *count > 0)
      counter("bridge_model_tokens_total", "Tokens that model providers counted", {{"provider", record.provider}, {"type", type}})
          .add(static_cast<double>(*count));
  };
  add_tokens("input", record.usage.input_tokens);
  add_tokens("cache_read", record.usage.cache_read_tokens);
  add_tokens("cache_write", record.usage.cache_write_tokens);
  add_tokens("cache_write", record.usage.cache_write_long_tokens);
  add_tokens("output", record.usage.output_tokens);
}

// One request on its way.
class Attempt final {
 public:
  Attempt(const CallContext& context, const CompletionRequest& request, const StreamSink& sink)
      : context_(context), request_(request), sink_(sink) {}

  Result<> run(ProviderAdapter& provider) {
    const Result<> streamed = stream(provider);
    // A provider may wrap the way its call ended; what ended it is known better here.
    if (const Result<> wanted = context_.check(); !streamed && !wanted) return wanted;
    return streamed;
  }

  ModelCallRecord record(const ProviderAdapter& provider, const Result<>& result, Time now) const {
    ModelCallRecord record{.team_id = context_.caller.team_id,
                           .person_id = context_.caller.user_id,
                           .session_id = request_.session_id,
                           .provider = provider.name(),
                           .model = request_.model,
                           .step = request_.step,
                           .attempt = request_.attempt,
                           .usage = usage_,
                           .latency_ms = milliseconds_since(start_),
                           .time_to_first_token_ms = first_output_ms_,
                           .correlation_id = context_.correlation_id};
    if (!result) {
      record.status = result.error().code == ErrorCode::cancelled ? ModelCallStatus::cancelled : ModelCallStatus::error;
      record.error_code = reason_of(result.error());
    }
    if (const auto cost = cost_of(provider.capabilities(request_.model).price_list, request_.model, now, usage_)) {
      record.cost_nano_usd = cost->nano_usd;
      record.price_date = cost->price_date;
    }
    return record;
  }

 private:
  Result<> stream(ProviderAdapter& provider) {
    bool threw = true;
    Result<> streamed = guarded([&] {
      Result<> outcome = provider.stream_completion(context_, request_, [this](const StreamPart& part) { return take(part); });
      threw = false;
      return outcome;
    });
    if (threw && streamed.error().code == ErrorCode::internal) {
      streamed.error().message = "The provider failed";
      streamed.error().reason = "provider_failed";
    }
    return streamed;
  }

  Result<> take(const StreamPart& part) {
    TRY(context_.check());
    if (!first_output_ms_ && is_output(part)) first_output_ms_ = milliseconds_since(start_);
    if (const auto* update = std::get_if<UsageUpdate>(&part)) usage_ = update->usage;
    if (const auto* finish = std::get_if<Finish>(&part)) usage_ = finish->usage;
    return sink_(part);
  }

  const CallContext& context_;
  const CompletionRequest& request_;
  const StreamSink& sink_;
  const SteadyClock::time_point start_ = SteadyClock::now();
  std::optional<std::int64_t> first_output_ms_;
  TokenUsage usage_;
};

class AccountedCaller final : public ModelCaller {
 public:
  AccountedCaller(std::shared_ptr<ProviderAdapter> provider, std::shared_ptr<ModelCallObserver> observer,
                  std::shared_ptr<const Clock> clock)
      : provider_(std::move(provider)), observer_(std::move(observer)), clock_(std::move(clock)) {}

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    Span span(context, {kModelCallSpanName, request.model}, SpanKind::client);
    Attempt attempt(span.inside(context), request, sink);
    const Result<> result = attempt.run(*provider_);
    const ModelCallRecord record = attempt.record(*provider_, result, clock_->now());
    count_call(record);
    describe_model_call(span, record, result);
    if (request.observer) request.observer->on_model_call(record);  // first: it settles what was set aside for the call
    if (observer_) observer_->on_model_call(record);
    return result;
  }

 private:
  const std::shared_ptr<ProviderAdapter> provider_;
  const std::shared_ptr<ModelCallObserver> observer_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace

std::shared_ptr<ModelCaller> with_accounting(std::shared_ptr<ProviderAdapter> provider, std::shared_ptr<ModelCallObserver> observer,
                                             std::shared_ptr<const Clock> clock) {
  return std::make_shared<AccountedCaller>(std::move(provider), std::move(observer), std::move(clock));
}

}  // namespace bridge
