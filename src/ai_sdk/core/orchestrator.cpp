#include "ai_sdk/core/orchestrator.h"

#include <mutex>
#include <thread>

#include "ai_sdk/core/completion_reader.h"
#include "ai_sdk/core/tool_runner.h"
#include "base/log.h"
#include "base/text.h"

namespace bridge {

namespace {

using SteadyClock = CallContext::Clock;

std::int64_t milliseconds_since(SteadyClock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - start).count();
}

// One call to the provider: what comes of it, and the record of it.
class ModelCall final {
 public:
  ModelCall(const ToolContext& context, ProviderAdapter& provider, const SessionState& session, const OrchestratorLimits& limits,
            const TurnSink& sink)
      : context_(context), provider_(provider), session_(session), reader_(limits), sink_(sink) {}

  Result<Completion> run(const std::vector<ToolSpecification>& tools) {
    const CompletionRequest request{
        .model = session_.model, .prompt_blocks = &session_.prompt_blocks, .messages = &session_.messages, .tools = &tools};
    const Result<> streamed = stream(request);
    Result<Completion> completion = streamed ? reader_.finish() : std::unexpected(streamed.error());
    // A provider may wrap the way its call ended; what ended it is known better here.
    if (const Result<> still_wanted = context_.call.check(); !completion && !still_wanted)
      completion = std::unexpected(still_wanted.error());
    status_ = completion ? "ok" : completion.error().code == ErrorCode::cancelled ? "cancelled" : "error";
    if (!completion) error_code_ = reason_of(completion.error());
    return completion;
  }

  ModelCallRecord record() const {
    return {.team_id = session_.team_id,
            .user_id = session_.user_id,
            .session_id = session_.id,
            .provider = session_.provider,
            .model = session_.model,
            .usage = usage_,
            .latency_ms = milliseconds_since(start_),
            .time_to_first_token_ms = first_part_ms_,
            .status = status_,
            .error_code = error_code_,
            .correlation_id = context_.call.correlation_id};
  }

 private:
  Result<> stream(const CompletionRequest& request) {
    try {
      return provider_.stream_completion(context_.call, request, [this](const StreamPart& part) { return take(part); });
    } catch (const std::exception& exception) {
      return fail(
          Error{.code = ErrorCode::internal, .message = "The provider failed", .detail = exception.what(), .reason = "provider_failed"});
    }
  }

  Result<> take(const StreamPart& part) {
    TRY(context_.call.check());
    if (!first_part_ms_) first_part_ms_ = milliseconds_since(start_);
    TRY(reader_.take(part));
    if (const auto* finish = std::get_if<Finish>(&part)) usage_ = finish->usage;
    if (const auto* text = std::get_if<TextDelta>(&part); text && !text->text.empty()) TRY(sink_(TextEvent{text->text}));
    return {};
  }

  const ToolContext& context_;
  ProviderAdapter& provider_;
  const SessionState& session_;
  CompletionReader reader_;
  const TurnSink& sink_;
  SteadyClock::time_point start_ = SteadyClock::now();
  std::optional<std::int64_t> first_part_ms_;
  TokenUsage usage_;
  std::string status_;
  std::string error_code_;
};

// The state of one turn on its way.
class Turn final {
 public:
  Turn(ToolContext context, ProviderAdapter& provider, const ToolRegistry& tools, SessionState& session, const OrchestratorLimits& limits,
       ModelCallObserver* observer, const TurnSink& sink)
      : context_(std::move(context)),
        provider_(provider),
        session_(session),
        limits_(limits),
        observer_(observer),
        sink_(sink),
        runner_(tools, limits, sink) {
    specifications_ = tools.list_tools(context_.call.caller);
  }

  Result<TurnOutcome> run() {
    while (true) {
      TRY(check_limits());
      ++outcome_.steps;
      const Completion completion = TRY(complete());
      if (completion.calls.empty()) return outcome_;
      TRY(answer(completion));
    }
  }

 private:
  Result<> check_limits() const {
    TRY(context_.call.check());
    if (outcome_.steps >= limits_.steps_max) {
      return fail(ErrorCode::resource_exhausted, "step_limit",
                  str("The agent did not come to an end within ", limits_.steps_max, " steps; ask for something smaller"));
    }
    const std::int64_t tokens = outcome_.totals.input_tokens + outcome_.totals.output_tokens;
    if (tokens >= limits_.tokens_max) {
      return fail(ErrorCode::resource_exhausted, "token_limit",
                  str("The agent used ", format_count(static_cast<std::uint64_t>(tokens)), " tokens without coming to an end"));
    }
    return {};
  }

  Result<Completion> complete() {
    ModelCall call(context_, provider_, session_, limits_, sink_);
    Result<Completion> completion = call.run(specifications_);
    const ModelCallRecord record = call.record();
    if (observer_) observer_->on_model_call(record);
    add_usage(outcome_.totals, record.usage);
    add_usage(session_.totals, record.usage);
    if (!completion) return completion;
    outcome_.reason = completion->finish.reason;
    outcome_.text = completion->text;
    Message message{.role = MessageRole::assistant, .text = completion->text};
    for (const ToolCallEnd& end : completion->calls) message.tool_calls.push_back(end.call);
    if (!message.text.empty() || !message.tool_calls.empty()) session_.messages.push_back(std::move(message));
    return completion;
  }

  // Runs the calls; their results become one message, whatever happens.
  Result<> answer(const Completion& completion) {
    ToolRunner::Answers answers = runner_.run(context_, completion.calls, outcome_.steps);
    session_.messages.push_back({.role = MessageRole::tool, .tool_results = std::move(answers.results)});
    return answers.status;
  }

  ToolContext context_;
  ProviderAdapter& provider_;
  SessionState& session_;
  const OrchestratorLimits& limits_;
  ModelCallObserver* observer_;
  const TurnSink& sink_;
  ToolRunner runner_;
  std::vector<ToolSpecification> specifications_;
  TurnOutcome outcome_;
};

class LoopOrchestrator final : public Orchestrator {
 public:
  LoopOrchestrator(OrchestratorLimits limits, std::shared_ptr<ModelCallObserver> observer)
      : limits_(limits), observer_(std::move(observer)) {}

  Result<TurnOutcome> run_turn(const ToolContext& context, ProviderAdapter& provider, const ToolRegistry& tools, SessionState& session,
                               std::string user_message, const TurnSink& sink) override {
    session.messages.push_back({.role = MessageRole::user, .text = std::move(user_message)});
    ToolContext bounded = context;
    bounded.session_id = session.id;
    bounded.call = context.call.with_timeout(limits_.turn_time_max);
    Result<TurnOutcome> outcome = Turn(bounded, provider, tools, session, limits_, observer_.get(), sink).run();
    if (!outcome && outcome.error().code == ErrorCode::deadline_exceeded) outcome = timed_out();
    // Nobody may be listening any more; the outcome is also returned.
    (void)(outcome ? sink(TurnDone{*outcome}) : sink(TurnFailed{outcome.error()}));
    return outcome;
  }

 private:
  std::unexpected<Error> timed_out() const {
    return fail(ErrorCode::deadline_exceeded, "turn_timeout",
                str("The agent did not come to an end within ", limits_.turn_time_max.count() / 1'000,
                    " s; ask for something smaller, or try again"));
  }

  const OrchestratorLimits limits_;
  const std::shared_ptr<ModelCallObserver> observer_;
};

}  // namespace

std::unique_ptr<Orchestrator> make_orchestrator(OrchestratorLimits limits, std::shared_ptr<ModelCallObserver> observer) {
  return std::make_unique<LoopOrchestrator>(limits, std::move(observer));
}

}  // namespace bridge
