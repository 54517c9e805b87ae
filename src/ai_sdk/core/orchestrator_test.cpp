#include "ai_sdk/core/orchestrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "ai_sdk/gateway/accounting.h"
#include "ai_sdk/testing/scripted_provider.h"
#include "base/testing/patience.h"

namespace bridge {
namespace {

struct AddArguments {
  std::int64_t left = 0;
  std::int64_t right = 0;
};
BOOST_DESCRIBE_STRUCT(AddArguments, (), (left, right))
struct AddAnswer {
  std::int64_t sum = 0;
};
BOOST_DESCRIBE_STRUCT(AddAnswer, (), (sum))

class AddTool final : public TypedTool<AddArguments, AddAnswer> {
 public:
  std::string name() const override { return "add"; }
  std::string description() const override { return "Adds two whole numbers."; }
  std::string title(const json::object& arguments) const override {
    return str("Adding to ", arguments.contains("left") ? json::serialize(arguments.at("left")) : "nothing");
  }
  Role required_role() const override { return Role::viewer; }

 private:
  Result<AddAnswer> run(const ToolContext&, const AddArguments& arguments) override { return AddAnswer{arguments.left + arguments.right}; }
};

// A tool that does what the test says.
class LambdaTool final : public ToolDefinition {
 public:
  using Body = std::function<Result<json::object>(const ToolContext&, const json::object&)>;
  LambdaTool(std::string name, Body body, Role role = Role::viewer) : name_(std::move(name)), body_(std::move(body)), role_(role) {}
  std::string name() const override { return name_; }
  std::string description() const override { return "A tool of a test."; }
  std::string title(const json::object&) const override { return "Doing what a test says"; }
  json::object parameters() const override { return {{"type", "object"}}; }
  Role required_role() const override { return role_; }
  Result<json::object> execute(const ToolContext& context, const json::object& arguments) override { return body_(context, arguments); }

 private:
  std::string name_;
  Body body_;
  Role role_;
};

struct Recorder final : ModelCallObserver {
  void on_model_call(const ModelCallRecord& record) override { calls.push_back(record); }
  std::vector<ModelCallRecord> calls;
};

// One turn of a script, and all that was seen of it.
struct Stage {
  explicit Stage(std::vector<ScriptedTurn> turns, bool repeat_last = false)
      : provider(std::make_shared<ScriptedProvider>(std::move(turns), repeat_last)) {
    session.id = SessionId::make();
    session.provider = provider->name();
    session.model = provider->default_model();
    context.call.caller.role = Role::editor;
    EXPECT_TRUE(tools.register_tool(std::make_shared<AddTool>()));
  }

  void add(std::string name, LambdaTool::Body body, Role role = Role::viewer) {
    EXPECT_TRUE(tools.register_tool(std::make_shared<LambdaTool>(std::move(name), std::move(body), role)));
  }

  Result<TurnOutcome> run() {
    const auto model = with_accounting(provider, recorder, make_system_clock());
    return make_orchestrator(limits, cache)->run_turn(context, *model, tools, session, "go", [this](const TurnEvent& event) {
      return watch(event);
    });
  }

  Result<> watch(const TurnEvent& event) {
    if (const auto* text = std::get_if<TextEvent>(&event)) events.push_back("text " + std::string(text->text));
    if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
      events.push_back("call " + call->call.id);
      titles.push_back(call->title);
    }
    if (const auto* result = std::get_if<ToolResultEvent>(&event)) {
      events.push_back(str(result->result.ok ? "ok " : "failed ", result->result.call_id));
      summaries.push_back(result->summary);
    }
    if (const auto* failed = std::get_if<TurnFailed>(&event)) events.push_back(str("error ", reason_of(failed->error)));
    if (std::holds_alternative<TurnDone>(event)) events.push_back("done");
    if (const auto* reset = std::get_if<StepResetEvent>(&event)) events.push_back(str("reset ", reset->step));
    if (const auto* warning = std::get_if<WarningEvent>(&event)) events.push_back("warning " + warning->code);
    if (const auto* change = std::get_if<ProviderSwitchEvent>(&event)) events.push_back(str(change->from, " to ", change->to));
    return {};
  }

  // The results of the last round of tools.
  const std::vector<ToolResult>& last_results() const {
    const auto found = std::find_if(session.messages.rbegin(), session.messages.rend(),
                                    [](const Message& message) { return message.role == MessageRole::tool; });
    static const std::vector<ToolResult> none;
    return found == session.messages.rend() ? none : found->tool_results;
  }

  std::shared_ptr<ScriptedProvider> provider;
  ToolRegistry tools;
  SessionState session;
  ToolContext context;
  OrchestratorLimits limits;
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  std::shared_ptr<ToolResultCache> cache;
  std::vector<std::string> events;
  std::vector<std::string> summaries;
  std::vector<std::string> titles;  // of the calls
};

ToolCall add_call(std::string id, std::int64_t left, std::int64_t right) {
  return {.id = std::move(id), .name = "add", .arguments = {{"left", left}, {"right", right}}};
}

std::string error_code(const ToolResult& result) { return std::string(result.content.at("error").at("code").as_string()); }

TEST(Orchestrator, StreamsTextAndEndsWhenNoToolIsAskedFor) {
  Stage stage({say("Hello")});
  const auto outcome = stage.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->text, "Hello");
  EXPECT_EQ(outcome->steps, 1);
  EXPECT_THAT(stage.events, testing::ElementsAre("text Hello", "done"));
  EXPECT_EQ(stage.session.messages.size(), 2u);
  EXPECT_EQ(stage.session.totals.input_tokens, 100);
}

TEST(Orchestrator, GivesTheModelTheResultsOfItsToolsAndGoesOn) {
  Stage stage({call_tools({add_call("a", 1, 2)}), say("3")});
  ASSERT_TRUE(stage.run());
  EXPECT_THAT(stage.events, testing::ElementsAre("call a", "ok a", "text 3", "done"));
  EXPECT_THAT(stage.summaries, testing::ElementsAre("sum 3"));
  const auto shown = stage.provider->seen().at(1).messages;
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_EQ(shown[1].tool_calls.at(0).id, "a");
  EXPECT_EQ(shown[2].tool_results.at(0).content.at("sum").as_int64(), 3);
}

TEST(Orchestrator, RunsToolsOfOneStepInParallelAndKeepsTheOrderOfTheCalls) {
  std::atomic<int> running = 0;
  Stage stage(
      {call_tools({{.id = "slow", .name = "meet", .arguments = {{"wait", 1}}}, {.id = "fast", .name = "meet", .arguments = {{"wait", 0}}}}),
       say("met")});
  stage.add("meet", [&](const ToolContext&, const json::object& arguments) -> Result<json::object> {
    ++running;
    for (int i = 0; running < 2 && i < 2'000; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    if (arguments.at("wait").as_int64() == 1) std::this_thread::sleep_for(std::chrono::milliseconds{20});
    return json::object{{"met", running.load()}};
  });
  ASSERT_TRUE(stage.run());
  EXPECT_THAT(stage.events, testing::ElementsAre("call slow", "call fast", "ok fast", "ok slow", "text met", "done"));
  ASSERT_EQ(stage.last_results().size(), 2u);
  EXPECT_EQ(stage.last_results()[0].call_id, "slow");
  EXPECT_EQ(stage.last_results()[0].content.at("met").as_int64(), 2);
}

TEST(Orchestrator, NeverRunsMoreToolsAtOnceThanItsThreads) {
  std::atomic<int> running = 0, most = 0;
  std::vector<ToolCall> calls;
  for (int i = 0; i < 12; ++i) calls.push_back({.id = str("c", i), .name = "count", .arguments = {{"i", i}}});
  Stage stage({call_tools(calls), say("ok")});
  stage.limits.tool_threads = 3;
  stage.add("count", [&](const ToolContext&, const json::object&) -> Result<json::object> {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
    --running;
    return json::object{};
  });
  ASSERT_TRUE(stage.run());
  EXPECT_LE(most, 3);
}

TEST(Orchestrator, AnswersWrongArgumentsWithEveryViolationAndGoesOn) {
  Stage stage({call_tools({{.id = "a", .name = "add", .arguments = {{"left", "one"}, {"rigt", 2}}}}), say("sorry")});
  ASSERT_TRUE(stage.run());
  const ToolResult& result = stage.last_results().at(0);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(error_code(result), "invalid_argument");
  const json::array& errors = result.content.at("error").at("errors").as_array();
  EXPECT_EQ(errors.size(), 3u);
  EXPECT_NE(json::serialize(errors).find("did you mean 'right'?"), std::string::npos);
}

TEST(Orchestrator, NeverRunsACallWhoseArgumentsAreNoJson) {
  bool ran = false;
  ScriptedTurn turn{.parts = {ToolCallStart{"a", "touch"}, ToolCallDelta{"a", "{\"x\":"},
                              ToolCallEnd{{.id = "a", .name = "touch"}, "incomplete JSON"}, Finish{FinishReason::tool_calls}}};
  Stage stage({turn, say("sorry")});
  stage.add("touch", [&](const ToolContext&, const json::object&) -> Result<json::object> {
    ran = true;
    return json::object{};
  });
  ASSERT_TRUE(stage.run());
  EXPECT_FALSE(ran);
  EXPECT_EQ(error_code(stage.last_results().at(0)), "malformed_arguments");
}

TEST(Orchestrator, LeavesOutACallThatWasNotFinishedWhenTheAnswerWasCutShort) {
  ScriptedTurn turn{
      .parts = {TextDelta{"Let me"}, ToolCallStart{"a", "add"}, ToolCallDelta{"a", "{\"left\":1"}, Finish{FinishReason::length}}};
  Stage stage({turn});
  const auto outcome = stage.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->reason, FinishReason::length);
  EXPECT_THAT(stage.events, testing::ElementsAre("text Let me", "done"));
}

TEST(Orchestrator, NamesTheNearestToolWhenThereIsNoneOfThatName) {
  Stage stage({call_tools({{.id = "a", .name = "ad", .arguments = {}}}), say("sorry")});
  ASSERT_TRUE(stage.run());
  EXPECT_EQ(error_code(stage.last_results().at(0)), "unknown_tool");
  EXPECT_EQ(stage.last_results().at(0).content.at("error").at("errors").at(0).at("suggestion").as_string(), "add");
}

TEST(Orchestrator, NeitherOffersNorRunsAToolAboveTheCallersRole) {
  bool ran = false;
  Stage stage({call_tools({{.id = "a", .name = "drop", .arguments = {}}}), say("sorry")});
  stage.add(
      "drop",
      [&](const ToolContext&, const json::object&) -> Result<json::object> {
        ran = true;
        return json::object{};
      },
      Role::admin);
  ASSERT_TRUE(stage.run());
  EXPECT_FALSE(ran);
  EXPECT_EQ(error_code(stage.last_results().at(0)), "permission_denied");
  EXPECT_THAT(stage.provider->seen().at(0).tools, testing::ElementsAre("add"));
}

TEST(Orchestrator, RefusesTheThirdEqualCallAndEndsTheTurnAtTheFourth) {
  int runs = 0;
  std::vector<ScriptedTurn> turns;
  // The order of the fields and fresh ids do not make calls different.
  for (int i = 0; i < 6; ++i) {
    json::object arguments = i % 2 ? json::object{{"a", 1}, {"b", 2}} : json::object{{"b", 2}, {"a", 1}};
    turns.push_back(call_tools({{.id = str("c", i), .name = "look", .arguments = arguments}}));
  }
  Stage stage(turns);
  stage.add("look", [&](const ToolContext&, const json::object&) -> Result<json::object> {
    ++runs;
    return json::object{};
  });
  const auto outcome = stage.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(reason_of(outcome.error()), "repeated_tool_call");
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(stage.events,
              testing::ElementsAre("call c0", "ok c0", "call c1", "ok c1", "call c2", "failed c2", "error repeated_tool_call"));
  EXPECT_EQ(close_orphaned_calls(stage.session.messages).size(), stage.session.messages.size());
}

TEST(Orchestrator, TellsBrokenCallsApartByWhatCameOfThem) {
  const auto broken = [](int number, std::string raw) {
    const std::string id = str("c", number);
    return ScriptedTurn{.parts = {ToolCallStart{id, "add"},
                                  ToolCallEnd{.call = {.id = id, .name = "add"}, .problem = "no JSON", .raw_arguments = std::move(raw)},
                                  Finish{FinishReason::tool_calls}}};
  };
  std::vector<ScriptedTurn> different;
  for (int i = 0; i < 5; ++i) different.push_back(broken(i, str("{\"left\": ", i)));
  different.push_back(say("I give up."));
  Stage stage(different);
  EXPECT_TRUE(stage.run());
  Stage same({broken(0, "{"), broken(1, "{"), broken(2, "{"), broken(3, "{"), say("never said")});
  EXPECT_EQ(reason_of(same.run().error()), "repeated_tool_call");
}

TEST(Orchestrator, TakesAnAnswerWithNothingInItForAFailure) {
  for (const FinishReason reason : {FinishReason::stop, FinishReason::tool_calls, FinishReason::other}) {
    Stage stage({ScriptedTurn{.parts = {ReasoningDelta{"Hm."}, TextDelta{" \n"}, Finish{reason}}}});
    const auto outcome = stage.run();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(reason_of(outcome.error()), "empty_answer");
    EXPECT_TRUE(is_retryable(outcome.error()));
  }
  EXPECT_TRUE(Stage({ScriptedTurn{.parts = {Finish{FinishReason::length}}}}).run()) << "which says itself that it was cut";
}

TEST(Orchestrator, SaysWhenAModelEndsWithoutAWordBehindItsTools) {
  Stage stage({call_tools({add_call("a", 1, 2)}), ScriptedTurn{.parts = {Finish{FinishReason::stop}}}});
  ASSERT_TRUE(stage.run());
  EXPECT_THAT(stage.events, testing::ElementsAre("call a", "ok a", "warning empty_answer", "done"));
}

TEST(Orchestrator, StopsAtTheStepLimit) {
  std::vector<ScriptedTurn> turns;
  for (int i = 0; i < 40; ++i) turns.push_back(call_tools({add_call(str("c", i), i, i)}));
  Stage stage(turns);
  const auto outcome = stage.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(reason_of(outcome.error()), "step_limit");
  EXPECT_EQ(stage.recorder->calls.size(), 24u);
  EXPECT_EQ(stage.session.messages.size(), 1 + 2 * 24u);
}

TEST(Orchestrator, StopsAtTheTokenLimit) {
  std::vector<ScriptedTurn> turns;
  for (int i = 0; i < 40; ++i) turns.push_back(call_tools({add_call(str("c", i), i, i)}));
  Stage stage(turns);
  stage.limits.tokens_max = 300;
  const auto outcome = stage.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(reason_of(outcome.error()), "token_limit");
  EXPECT_EQ(stage.recorder->calls.size(), 3u);
}

TEST(Orchestrator, IsCancelledWithin100MsWhileTheModelThinks) {
  Stage stage({{.parts = {TextDelta{"Hm"}}, .hang = true}});
  std::stop_source stop;
  stage.context.call.stop = stop.get_token();
  std::chrono::steady_clock::time_point asked;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{30});
    asked = std::chrono::steady_clock::now();
    stop.request_stop();
  });
  const auto outcome = stage.run();
  const auto took = std::chrono::steady_clock::now() - asked;
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  EXPECT_LT(took, kPatience * std::chrono::milliseconds{100});
  EXPECT_EQ(stage.recorder->calls.at(0).status, ModelCallStatus::cancelled);
  EXPECT_TRUE(stage.recorder->calls.at(0).time_to_first_token_ms);
  EXPECT_FALSE(stage.recorder->calls.at(0).usage.complete);
}

TEST(Orchestrator, IsCancelledWithin100MsWhileAToolRunsAndLeavesNoOrphan) {
  Stage stage({call_tools({{.id = "a", .name = "wait", .arguments = {}}, add_call("b", 1, 1)})});
  std::stop_source stop;
  stage.context.call.stop = stop.get_token();
  std::chrono::steady_clock::time_point asked;
  stage.add("wait", [&](const ToolContext& context, const json::object&) -> Result<json::object> {
    asked = std::chrono::steady_clock::now();
    stop.request_stop();
    while (true) {
      TRY(context.call.check());
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  });
  const auto outcome = stage.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, kPatience * std::chrono::milliseconds{100});
  EXPECT_EQ(stage.last_results().size(), 2u);
  EXPECT_EQ(stage.last_results().at(0).call_id, "a");
}

TEST(Orchestrator, StopsWhenTheTurnIsOutOfTime) {
  Stage stage({{.parts = {}, .hang = true}});
  stage.limits.turn_time_max = std::chrono::milliseconds{30};
  const auto outcome = stage.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(reason_of(outcome.error()), "turn_timeout");
  EXPECT_THAT(stage.events, testing::ElementsAre("error turn_timeout"));
}

TEST(Orchestrator, SurvivesAToolThatThrowsAndKeepsItsWordsFromTheModel) {
  Stage stage({call_tools({{.id = "a", .name = "explode", .arguments = {}}}), say("sorry")});
  stage.add("explode",
            [](const ToolContext&, const json::object&) -> Result<json::object> { throw std::runtime_error("password=hunter2"); });
  ASSERT_TRUE(stage.run());
  EXPECT_EQ(error_code(stage.last_results().at(0)), "internal");
  EXPECT_EQ(json::serialize(stage.last_results().at(0).content).find("hunter2"), std::string::npos);
}

TEST(Orchestrator, TreatsAnAnswerWithAnErrorAsARefusal) {
  Stage stage({call_tools({{.id = "a", .name = "refuse", .arguments = {}}}), say("sorry")});
  stage.add("refuse", [](const ToolContext&, const json::object&) -> Result<json::object> {
    return json::object{{"error", json::object{{"code", "too_big"}, {"message", "Too big by half"}, {"help", "Halve it"}}}};
  });
  ASSERT_TRUE(stage.run());
  EXPECT_FALSE(stage.last_results().at(0).ok);
  EXPECT_THAT(stage.summaries, testing::ElementsAre("Too big by half"));
}

TEST(Orchestrator, CutsAHugeResultAtACharacterAndSaysSo) {
  Stage stage({call_tools({{.id = "a", .name = "dump", .arguments = {}}}), say("long")});
  stage.add("dump", [](const ToolContext&, const json::object&) -> Result<json::object> {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "ü";
    return json::object{{"text", text}};
  });
  ASSERT_TRUE(stage.run());
  const json::object& content = stage.last_results().at(0).content;
  EXPECT_TRUE(content.at("truncated").as_bool());
  EXPECT_LE(json::serialize(content).size(), stage.limits.tool_result_bytes_max);
  EXPECT_TRUE(is_valid_utf8(std::string_view(content.at("beginning").as_string())));
}

TEST(Orchestrator, EndsTheTurnWithTheProvidersErrorAndTheSessionGoesOn) {
  Stage stage(
      {call_tools({add_call("a", 1, 2)}),
       {.parts = {TextDelta{"The su"}}, .error = Error{.code = ErrorCode::unavailable, .message = "Overloaded", .reason = "overloaded"}},
       say("3")});
  const auto broken = stage.run();
  ASSERT_FALSE(broken);
  EXPECT_EQ(reason_of(broken.error()), "overloaded");
  EXPECT_EQ(stage.recorder->calls.at(1).status, ModelCallStatus::error);
  EXPECT_EQ(stage.recorder->calls.at(1).error_code, "overloaded");
  EXPECT_EQ(stage.session.messages.size(), 4u) << "what was said until then was heard";
  EXPECT_TRUE(stage.run());
  EXPECT_THAT(stage.events, testing::ElementsAre("call a", "ok a", "text The su", "error overloaded", "text 3", "done"));
}

TEST(Orchestrator, TakesAStreamWithoutAnEndAsAFailure) {
  Stage stage({{.parts = {TextDelta{"The answer is"}}}});
  const auto outcome = stage.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(reason_of(outcome.error()), "premature_eof");
}

TEST(Orchestrator, RefusesAStreamThatBreaksTheContract) {
  const std::vector<std::vector<StreamPart>> streams = {
      {Finish{}, TextDelta{"after the end"}},
      {Finish{}, Finish{}},
      {ToolCallStart{"a", "add"}, ToolCallStart{"a", "add"}, Finish{}},
      {ToolCallEnd{add_call("a", 1, 2), {}}, ToolCallEnd{add_call("a", 1, 2), {}}, Finish{}},
      {ToolCallDelta{"nobody", "{}"}, Finish{}},
      {ToolCallEnd{add_call("", 1, 2), {}}, Finish{}},
  };
  for (const auto& parts : streams) {
    Stage stage({{.parts = parts}});
    const auto outcome = stage.run();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(reason_of(outcome.error()), "provider_stream_broken");
  }
}

TEST(Orchestrator, SurvivesAProviderThatThrows) {
  Stage stage({{.parts = {}, .throws = true}});
  const auto outcome = stage.run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(reason_of(outcome.error()), "provider_failed");
}

TEST(Orchestrator, EndsWhenNobodyListens) {
  Stage stage({say("Hello")});
  const auto outcome =
      make_orchestrator()->run_turn(stage.context, *stage.provider, stage.tools, stage.session, "go",
                                    [](const TurnEvent&) -> Result<> { return fail(ErrorCode::cancelled, "The client is gone"); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
}

ScriptedTurn play(std::vector<StreamPart> parts) {
  ScriptedTurn turn;
  turn.parts = std::move(parts);
  return turn;
}

TEST(Orchestrator, ForgetsWhatWasVoidedAndTellsThoseWhoWatch) {
  Stage stage({play({TextDelta{"Ye"}, ToolCallStart{"a", "add"}, ToolCallEnd{add_call("a", 1, 2), {}}, StreamReset{},
                     ProviderSwitch{"x/1", "y/2", "down"}, TextDelta{"Yes."}, Finish{}})});
  const auto outcome = stage.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->text, "Yes.");
  EXPECT_THAT(stage.events, testing::ElementsAre("text Ye", "reset 1", "x/1 to y/2", "text Yes.", "done"));
  EXPECT_TRUE(stage.session.messages.back().tool_calls.empty());
}

TEST(Orchestrator, SaysAWarningOnceATurn) {
  const ProviderWarning warning{"temperature_not_supported", "no"};
  ScriptedTurn first = call_tools({add_call("a", 1, 2)});
  first.parts.insert(first.parts.begin(), warning);
  Stage stage({first, play({warning, TextDelta{"3"}, Finish{}})});
  ASSERT_TRUE(stage.run());
  EXPECT_EQ(std::ranges::count(stage.events, "warning temperature_not_supported"), 1);
}

TEST(Orchestrator, KeepsWhatAProviderWantsBackWithItsMessage) {
  Stage stage({play({TextDelta{"Yes."}, OpaquePart{{"scripted", "script-1", "[1]"}}, Finish{}})});
  ASSERT_TRUE(stage.run());
  EXPECT_EQ(stage.session.messages.back().opaque->json, "[1]");
}

TEST(Orchestrator, AllowsNoToolInTheLastStepSoThatTheModelHasToAnswer) {
  Stage stage({call_tools({add_call("a", 1, 2)}), call_tools({add_call("b", 1, 3)}), say("Enough.")});
  stage.limits.steps_max = 3;
  ASSERT_TRUE(stage.run());
  const auto seen = stage.provider->seen();
  EXPECT_EQ(seen[0].tool_choice, ToolChoice::automatic);
  EXPECT_EQ(seen[2].tool_choice, ToolChoice::none);
}

TEST(Orchestrator, TrimsAHistoryThatIsTooLongOnceAndThenSaysSo) {
  ScriptedTurn overflow;
  overflow.error = Error{.code = ErrorCode::payload_too_large, .message = "too long", .reason = "context_overflow"};
  Stage stage({call_tools({add_call("a", 1, 2)}), overflow, say("3"), overflow, overflow});
  const json::object large{{"rows", std::string(5'000, 'x')}};
  stage.session.messages = {
      {.text = "before"},
      {.role = MessageRole::assistant, .tool_calls = {add_call("old", 1, 1)}, .opaque = OpaqueContent{"scripted", "script-1", "[1]"}},
      {.role = MessageRole::tool, .tool_results = {{.call_id = "old", .name = "add", .content = large}}}};
  ASSERT_TRUE(stage.run());
  EXPECT_THAT(stage.events, testing::Contains("warning history_trimmed"));
  const auto shown = stage.provider->seen().at(2).messages;
  EXPECT_TRUE(shown.at(2).tool_results.at(0).content.contains("trimmed"));
  EXPECT_FALSE(shown.at(1).opaque) << "it was bound to what is gone";
  EXPECT_FALSE(shown.back().tool_results.at(0).content.contains("trimmed")) << "the newest answers stay";
  EXPECT_EQ(stage.run().error().reason, "context_overflow");
}

TEST(Orchestrator, StopsAtTheCostLimitAndCountsFailedAttempts) {
  Stage stage({call_tools({add_call("a", 1, 2)})}, true);
  stage.limits.nano_usd_max = 1;
  stage.limits.tokens_max = 150;
  EXPECT_EQ(stage.run().error().reason, "token_limit") << "a script has no price";
  EXPECT_EQ(stage.session.totals.unpriced_calls, stage.session.totals.model_calls);
}

// Remembers one answer.
class OneAnswer final : public ToolResultCache {
 public:
  std::optional<json::object> find(const ToolContext&, const std::string&, const json::object&) override { return answer; }
  void keep(const ToolContext&, const std::string&, const json::object&, const json::object& given) override { answer = given; }
  std::optional<json::object> answer;
};

class CountingTool final : public ToolDefinition {
 public:
  std::string name() const override { return "count"; }
  std::string description() const override { return "Counts how often it was asked."; }
  std::string title(const json::object&) const override { return "Counting"; }
  json::object parameters() const override { return {{"type", "object"}}; }
  Role required_role() const override { return Role::viewer; }
  bool cacheable() const override { return true; }
  Result<> offered(const ToolContext&) const override {
    return refused ? fail(ErrorCode::failed_precondition, "not_yet", "not yet") : Result<>{};
  }
  Result<json::object> execute(const ToolContext&, const json::object&) override { return json::object{{"n", ++asked}}; }
  int asked = 0;
  bool refused = false;
};

TEST(Orchestrator, AsksAToolOnceWhoseAnswerItKnows) {
  Stage stage({call_tools({{.id = "a", .name = "count"}}), call_tools({{.id = "b", .name = "count"}}), say("1")});
  auto tool = std::make_shared<CountingTool>();
  ASSERT_TRUE(stage.tools.register_tool(tool));
  stage.cache = std::make_shared<OneAnswer>();
  ASSERT_TRUE(stage.run());
  EXPECT_EQ(tool->asked, 1);
  EXPECT_EQ(stage.last_results().at(0).content.at("n").as_int64(), 1);
}

// Keeps a note, or says why it does not.
class NoteTool final : public ToolDefinition {
 public:
  std::string name() const override { return "note"; }
  std::string description() const override { return "Keeps a note."; }
  std::string title(const json::object&) const override { return "Keeping a note"; }
  json::object parameters() const override { return {{"type", "object"}}; }
  Role required_role() const override { return Role::viewer; }
  ToolOutcome outcome(const json::object& answer) const override {
    return {.kind = ToolOutcome::Kind::saved, .name = std::string(answer.at("called").as_string())};
  }
  Result<json::object> execute(const ToolContext&, const json::object& arguments) override {
    if (arguments.empty()) return json::object{{"error", json::object{{"code", "empty"}}}};
    return json::object{{"called", "first"}};
  }
};

TEST(Orchestrator, TellsWhatCameOfAToolWhicheverItIs) {
  Stage stage({call_tools({{.id = "a", .name = "note", .arguments = {{"text", "x"}}},
                           {.id = "b", .name = "note"},
                           {.id = "c", .name = "add", .arguments = {{"left", 1}, {"right", 2}}},
                           {.id = "d", .name = "make_coffee"}}),
               say("done")});
  ASSERT_TRUE(stage.tools.register_tool(std::make_shared<NoteTool>()));
  ASSERT_TRUE(stage.run());
  EXPECT_EQ(stage.last_results().at(0).outcome.kind, ToolOutcome::Kind::saved);
  EXPECT_EQ(stage.last_results().at(0).outcome.name, "first");
  EXPECT_EQ(stage.last_results().at(1).outcome.kind, ToolOutcome::Kind::answer) << "a refusal saves nothing";
  EXPECT_EQ(stage.last_results().at(2).outcome.kind, ToolOutcome::Kind::answer);
  EXPECT_THAT(stage.titles, testing::ElementsAre("Keeping a note", "Keeping a note", "Adding to 1", "make coffee"));
}

TEST(Orchestrator, RefusesAToolThatIsNotOfferedYetWhateverTheModelSays) {
  Stage stage({call_tools({{.id = "a", .name = "count"}}), say("no")});
  auto tool = std::make_shared<CountingTool>();
  tool->refused = true;
  ASSERT_TRUE(stage.tools.register_tool(tool));
  ASSERT_TRUE(stage.run());
  EXPECT_EQ(tool->asked, 0);
  EXPECT_EQ(error_code(stage.last_results().at(0)), "not_yet");
}

TEST(ToolRegistry, CanBeNarrowedToNamedTools) {
  Stage stage({});
  EXPECT_EQ(stage.tools.only({})->list_tools(stage.context).size(), 1u);
  EXPECT_EQ(stage.tools.only({"add"})->list_tools(stage.context).size(), 1u);
  EXPECT_EQ(stage.tools.only({"ad"}).error().reason, "unknown_tool");
}

TEST(ToolRegistry, RefusesASecondToolOfTheSameName) {
  ToolRegistry tools;
  ASSERT_TRUE(tools.register_tool(std::make_shared<AddTool>()));
  const auto second = tools.register_tool(std::make_shared<AddTool>());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
}

TEST(ToolRegistry, DescribesToolsFromTheirArgumentStructs) {
  ToolRegistry tools;
  ASSERT_TRUE(tools.register_tool(std::make_shared<AddTool>()));
  const auto specifications = tools.list_tools({});
  ASSERT_EQ(specifications.size(), 1u);
  const json::object parameters = json::parse(*specifications[0].parameters).as_object();
  EXPECT_EQ(parameters.at("required").as_array().size(), 2u);
  EXPECT_FALSE(parameters.at("additionalProperties").as_bool());
}

TEST(Session, ClosesCallsThatWereNeverAnsweredAndDropsAnswersNobodyAskedFor) {
  std::vector<Message> messages = {
      {.role = MessageRole::user, .text = "go"},
      {.role = MessageRole::assistant, .tool_calls = {add_call("a", 1, 2), add_call("b", 1, 2)}},
      {.role = MessageRole::tool, .tool_results = {{.call_id = "b", .name = "add"}, {.call_id = "z", .name = "add"}}},
      {.role = MessageRole::tool, .tool_results = {{.call_id = "y", .name = "add"}}},
      {.role = MessageRole::assistant, .tool_calls = {add_call("c", 1, 2)}},
  };
  const auto closed = close_orphaned_calls(messages);
  ASSERT_EQ(closed.size(), 5u);
  ASSERT_EQ(closed[2].tool_results.size(), 2u);
  EXPECT_EQ(closed[2].tool_results[0].call_id, "a");
  EXPECT_FALSE(closed[2].tool_results[0].ok);
  EXPECT_TRUE(closed[2].tool_results[1].ok);
  EXPECT_EQ(closed[4].tool_results.at(0).call_id, "c");
  EXPECT_EQ(error_code(closed[4].tool_results[0]), "interrupted");
}

}  // namespace
}  // namespace bridge
