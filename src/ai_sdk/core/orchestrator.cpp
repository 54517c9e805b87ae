#include "ai_sdk/core/orchestrator.h"

#include <set>

#include "ai_sdk/core/completion_reader.h"
#include "ai_sdk/core/gen_ai_spans.h"
#include "ai_sdk/core/tool_runner.h"
#include "base/text.h"

namespace bridge {

namespace {

// One step's completion as it comes in.
class StepReader final {
 public:
  StepReader(const CallContext& context, const OrchestratorLimits& limits, const TurnSink& sink, int step)
      : context_(context), limits_(limits), sink_(sink), step_(step), reader_(limits) {}

  Result<> take(const StreamPart& part) {
    TRY(context_.check());
    if (std::holds_alternative<StreamReset>(part)) {
      reader_ = CompletionReader(limits_);
      return sink_(StepResetEvent{step_});
    }
    if (const auto* warning = std::get_if<ProviderWarning>(&part)) return sink_(WarningEvent{warning->code, warning->message});
    if (const auto* change = std::get_if<ProviderSwitch>(&part))
      return sink_(ProviderSwitchEvent{change->from, change->to, change->reason});
    TRY(reader_.take(part));
    if (const auto* text = std::get_if<TextDelta>(&part); text && !text->text.empty()) return sink_(TextEvent{text->text});
    return {};
  }
  const std::string& text() const { return reader_.text(); }
  Result<Completion> finish() { return reader_.finish(); }

 private:
  const CallContext& context_;
  const OrchestratorLimits& limits_;
  const TurnSink& sink_;
  const int step_;
  CompletionReader reader_;
};

// The state of one turn on its way.
class Turn final : public ModelCallObserver {
 public:
  Turn(ToolContext context, ModelCaller& model, const ToolRegistry& tools, SessionState& session, const OrchestratorLimits& limits,
       ToolResultCache* cache, const TurnSink& sink)
      : context_(std::move(context)),
        model_(model),
        tools_(tools),
        session_(session),
        limits_(limits),
        sink_([this, &sink](const TurnEvent& event) { return filter(event, sink); }),
        runner_(tools, limits, cache, sink_) {}

  Result<> run() {
    while (true) {
      TRY(check_limits());
      ++outcome_.steps;
      const Completion completion = TRY(complete());
      if (completion.calls.empty()) return check_answered(completion);
      TRY(answer(completion));
      answered_calls_ = true;
    }
  }

  const TurnOutcome& outcome() const { return outcome_; }

  // Every attempt at the model, also those that failed.
  void on_model_call(const ModelCallRecord& record) override {
    add_call(outcome_.totals, record);
    add_call(session_.totals, record);
  }

 private:
  // An answer without anything in it is none. After tools have run some models end without a word: what there is to see is there, and that
  // there will be no words is said.
  Result<> check_answered(const Completion& completion) {
    const FinishReason reason = completion.finish.reason;
    if (reason == FinishReason::length || reason == FinishReason::refused) return {};
    const bool empty = trim(completion.text).empty();
    if (empty && !answered_calls_)
      return fail(Error{.code = ErrorCode::unavailable,
                        .message = "The model's answer was empty; try again, or ask another model",
                        .detail = str("finish reason ", completion.finish.raw_reason),
                        .reason = "empty_answer",
                        .retryable = true});
    if (empty) return sink_(WarningEvent{"empty_answer", "The model ended without a word"});
    if (reason == FinishReason::tool_calls)
      return sink_(WarningEvent{"missing_call", "The model's server announced a call of a tool that did not come"});
    return {};
  }

  Result<> check_limits() const {
    TRY(context_.call.check());
    if (outcome_.steps >= limits_.steps_max) {
      return fail(ErrorCode::resource_exhausted, "step_limit",
                  str("The agent did not come to an end within ", limits_.steps_max, " steps; ask for something smaller"));
    }
    if (outcome_.totals.all_tokens() >= limits_.tokens_max) {
      return fail(ErrorCode::resource_exhausted, "token_limit",
                  str("The agent used ", format_count(static_cast<std::uint64_t>(outcome_.totals.all_tokens())),
                      " tokens without coming to an end"));
    }
    if (outcome_.totals.cost_nano_usd >= limits_.nano_usd_max) {
      return fail(
          ErrorCode::resource_exhausted, "cost_limit",
          str("The agent cost $", static_cast<double>(outcome_.totals.cost_nano_usd / 10'000'000) / 100, " without coming to an end"));
    }
    return {};
  }

  // The same warning of every step is news once.
  Result<> filter(const TurnEvent& event, const TurnSink& sink) {
    if (const auto* warning = std::get_if<WarningEvent>(&event); warning && !warned_.insert(warning->code).second) return {};
    return sink(event);
  }

  Result<Completion> complete() {
    Result<Completion> completion = ask();
    if (!completion && completion.error().reason == "context_overflow" && !trimmed_) {
      trimmed_ = true;
      if (trim_history(session_.messages)) {
        TRY(sink_(WarningEvent{"history_trimmed", "The conversation grew too long for the model: earlier answers of tools were left out"}));
        TRY(sink_(StepResetEvent{outcome_.steps}));
        completion = ask();
      }
    }
    if (!completion) {
      // What was said until then was heard, and belongs to the conversation.
      if (!broken_off_.empty()) session_.messages.push_back({.role = MessageRole::assistant, .text = std::move(broken_off_)});
      return completion;
    }
    outcome_.reason = completion->finish.reason;
    outcome_.raw_reason = completion->finish.raw_reason;
    outcome_.text = completion->text;
    Message message{.role = MessageRole::assistant, .text = completion->text, .opaque = completion->opaque};
    for (const ToolCallEnd& end : completion->calls) message.tool_calls.push_back(end.call);
    if (!message.text.empty() || !message.tool_calls.empty() || message.opaque) session_.messages.push_back(std::move(message));
    return completion;
  }

  Result<Completion> ask() {
    const std::vector<ToolSpecification> specifications = tools_.list_tools(context_);
    const CompletionRequest request{.model = session_.model,
                                    .prompt_blocks = session_.prompt_blocks.get(),
                                    .messages = &session_.messages,
                                    .tools = &specifications,
                                    // Who may always call a tool never has to answer.
                                    .tool_choice = outcome_.steps == limits_.steps_max ? ToolChoice::none : ToolChoice::automatic,
                                    .session_id = session_.id,
                                    .step = outcome_.steps,
                                    .observer = this};
    StepReader reader(context_.call, limits_, sink_, outcome_.steps);
    const Result<> streamed = model_.stream_completion(context_.call, request, [&](const StreamPart& part) { return reader.take(part); });
    broken_off_ = reader.text();
    if (!streamed) return fail(streamed.error());
    return reader.finish();
  }

  // Runs the calls; their results become one message, whatever happens.
  Result<> answer(const Completion& completion) {
    ToolRunner::Answers answers = runner_.run(context_, completion.calls, outcome_.steps);
    session_.messages.push_back({.role = MessageRole::tool, .tool_results = std::move(answers.results)});
    return answers.status;
  }

  ToolContext context_;
  ModelCaller& model_;
  const ToolRegistry& tools_;
  SessionState& session_;
  const OrchestratorLimits& limits_;
  const TurnSink sink_;
  ToolRunner runner_;
  std::set<std::string> warned_;
  TurnOutcome outcome_;
  std::string broken_off_;  // the words of the last completion, for when it does not come to its end
  bool trimmed_ = false;
  bool answered_calls_ = false;  // of tools, in this turn
};

class LoopOrchestrator final : public Orchestrator {
 public:
  LoopOrchestrator(OrchestratorLimits limits, std::shared_ptr<ToolResultCache> cache) : limits_(limits), cache_(std::move(cache)) {}

  Result<TurnOutcome> run_turn(const ToolContext& context, ModelCaller& model, const ToolRegistry& tools, SessionState& session,
                               std::string user_message, const TurnSink& sink) override {
    session.messages.push_back({.role = MessageRole::user, .text = std::move(user_message)});
    ToolContext bounded = context;
    bounded.session_id = session.id;
    Span span(context.call, {"invoke_agent bridge"});
    bounded.call = span.inside(context.call).with_timeout(limits_.turn_time_max);
    Turn turn(bounded, model, tools, session, limits_, cache_.get(), sink);
    Result<> ended = turn.run();
    if (!ended && !bounded.call.check() && ended.error().code == ErrorCode::deadline_exceeded) ended = timed_out();
    describe_turn(span, session, turn.outcome(), ended);
    // Nobody may be listening any more; the outcome is also returned.
    (void)(ended ? sink(TurnDone{turn.outcome()}) : sink(TurnFailed{ended.error(), turn.outcome()}));
    if (!ended) return fail(std::move(ended).error());
    return turn.outcome();
  }

 private:
  std::unexpected<Error> timed_out() const {
    return fail(ErrorCode::deadline_exceeded, "turn_timeout",
                str("The agent did not come to an end within ", limits_.turn_time_max.count() / 1'000,
                    " s; ask for something smaller, or try again"));
  }

  const OrchestratorLimits limits_;
  const std::shared_ptr<ToolResultCache> cache_;
};

}  // namespace

std::unique_ptr<Orchestrator> make_orchestrator(OrchestratorLimits limits, std::shared_ptr<ToolResultCache> cache) {
  return std::make_unique<LoopOrchestrator>(limits, std::move(cache));
}

}  // namespace bridge
