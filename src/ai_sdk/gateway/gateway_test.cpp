// The layers between the orchestrator and a provider, each in front of a provider that does what the test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ai_sdk/gateway/accounting.h"
#include "ai_sdk/gateway/circuit_breaker.h"
#include "ai_sdk/gateway/limits.h"
#include "ai_sdk/gateway/model_gateway.h"
#include "ai_sdk/gateway/redaction.h"
#include "ai_sdk/gateway/retry.h"
#include "ai_sdk/gateway/team_limits.h"
#include "ai_sdk/testing/scripted_provider.h"
#include "base/testing/patience.h"
#include "base/text.h"

namespace bridge {
namespace {

using std::chrono::milliseconds;

// Plays one body a call, the last one for ever.
class FakeCaller final : public ModelCaller {
 public:
  using Body = std::function<Result<>(const CallContext&, const CompletionRequest&, const StreamSink&)>;
  explicit FakeCaller(std::vector<Body> bodies) : bodies_(std::move(bodies)) {}
  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    const std::size_t at = std::min(calls++, bodies_.size() - 1);
    models.push_back(request.model);
    attempts.push_back(request.attempt);
    return bodies_[at](context, request, sink);
  }
  std::size_t calls = 0;
  std::vector<std::string> models;
  std::vector<int> attempts;

 private:
  std::vector<Body> bodies_;
};

FakeCaller::Body answer(std::string text) {
  return [text](const CallContext&, const CompletionRequest&, const StreamSink& sink) -> Result<> {
    TRY(sink(TextDelta{text}));
    return sink(Finish{.usage = {.input_tokens = 100, .output_tokens = 10, .complete = true}});
  };
}
FakeCaller::Body failing(Error error, std::string text_before = {}) {
  return [error, text_before](const CallContext&, const CompletionRequest&, const StreamSink& sink) -> Result<> {
    if (!text_before.empty()) TRY(sink(TextDelta{text_before}));
    return fail(error);
  };
}
Error overloaded(std::optional<milliseconds> retry_after = {}) {
  return {
      .code = ErrorCode::unavailable, .message = "overloaded", .reason = "overloaded_error", .retry_after = retry_after, .retryable = true};
}
Error refused() { return {.code = ErrorCode::invalid_argument, .message = "no", .reason = "invalid_request_error", .retryable = false}; }

struct Heard {
  StreamSink sink() {
    return [this](const StreamPart& part) -> Result<> {
      if (const auto* text = std::get_if<TextDelta>(&part)) said += text->text;
      if (std::holds_alternative<StreamReset>(part)) said += "|reset|";
      if (const auto* change = std::get_if<ProviderSwitch>(&part)) said += str("|", change->from, "→", change->to, "|");
      if (const auto* end = std::get_if<ToolCallEnd>(&part)) said += json::serialize(end->call.arguments);
      return {};
    };
  }
  std::string said;
};

CallContext caller(std::string team = "t") {
  CallContext context;
  context.caller.team_id = TeamId(std::move(team));
  return context;
}

// ---- retry ----------------------------------------------------------------------------------------------------------

struct Retrying {
  explicit Retrying(std::vector<FakeCaller::Body> bodies) : fake(std::make_shared<FakeCaller>(std::move(bodies))) {
    model = with_retries({{.caller = fake, .provider = "first"}}, options());
  }
  RetryOptions options() {
    return {.random = [] { return 0.5; }, .wait = [this](const CallContext&, milliseconds delay) { waited.push_back(delay.count()); }};
  }
  Result<> run(const CallContext& context = caller()) { return model->stream_completion(context, {.model = "m"}, heard.sink()); }

  std::vector<std::int64_t> waited;
  std::shared_ptr<FakeCaller> fake;
  std::shared_ptr<ModelCaller> model;
  Heard heard;
};

TEST(Retry, TriesAgainWithARandomShareOfADoublingDelay) {
  Retrying stage({failing(overloaded()), failing(overloaded()), answer("Yes.")});
  EXPECT_TRUE(stage.run());
  EXPECT_EQ(stage.heard.said, "Yes.");
  EXPECT_THAT(stage.waited, testing::ElementsAre(250, 500));
  EXPECT_THAT(stage.fake->attempts, testing::ElementsAre(1, 2, 3));
}

TEST(Retry, StopsAtTheLimitOfAttempts) {
  Retrying stage({failing(overloaded())});
  EXPECT_EQ(stage.run().error().reason, "overloaded_error");
  EXPECT_EQ(stage.fake->calls, static_cast<std::size_t>(kAttemptsMax));
}

TEST(Retry, WaitsAsLongAsTheServerAsks) {
  Retrying stage({failing(overloaded(milliseconds(0))), failing(overloaded(milliseconds(1'500))), answer("Yes.")});
  EXPECT_TRUE(stage.run());
  EXPECT_THAT(stage.waited, testing::ElementsAre(0, 1'500));
}

TEST(Retry, GivesUpAtOnceWhenTheServerAsksForMoreThanAMinute) {
  for (const auto asked : {milliseconds(61'000), milliseconds(86'400'000)}) {
    Retrying stage({failing(overloaded(asked))});
    EXPECT_FALSE(stage.run());
    EXPECT_EQ(stage.fake->calls, 1u);
    EXPECT_TRUE(stage.waited.empty());
  }
}

TEST(Retry, DoesNotRepeatWhatWasRefused) {
  Retrying stage({failing(refused())});
  EXPECT_FALSE(stage.run());
  EXPECT_EQ(stage.fake->calls, 1u);
}

TEST(Retry, VoidsWhatWasSaidBeforeItSaysItAgain) {
  Retrying stage({failing(overloaded(), "Ye"), answer("Yes.")});
  EXPECT_TRUE(stage.run());
  EXPECT_EQ(stage.heard.said, "Ye|reset|Yes.");
}

TEST(Retry, EndsWhenNobodyListensAnyMore) {
  Retrying stage({answer("Yes.")});
  const auto deaf = [](const StreamPart&) -> Result<> { return fail(ErrorCode::cancelled, "gone"); };
  EXPECT_EQ(stage.model->stream_completion(caller(), {.model = "m"}, deaf).error().code, ErrorCode::cancelled);
  EXPECT_EQ(stage.fake->calls, 1u);
}

TEST(Retry, DoesNotWaitPastTheDeadline) {
  Retrying stage({failing(overloaded(milliseconds(30'000)))});
  CallContext context = caller().with_timeout(milliseconds(5'000));
  EXPECT_FALSE(stage.run(context));
  EXPECT_TRUE(stage.waited.empty());
}

TEST(Retry, KeepsRetriesASmallShareOfATeamsCalls) {
  Retrying stage({failing(overloaded())});
  for (int i = 0; i < 100; ++i) (void)stage.run();
  // Three to begin with, and one for every ten calls.
  EXPECT_LE(stage.fake->calls, 100u + 3u + 10u + 1u);
  EXPECT_GE(stage.fake->calls, 100u + 10u);
  const std::size_t before = stage.fake->calls;
  (void)stage.run(caller("another"));
  EXPECT_EQ(stage.fake->calls, before + 3) << "another team has a budget of its own";
}

TEST(Retry, AsksTheNextModelAndSaysSo) {
  auto down = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{failing(overloaded(), "Ye")});
  auto up = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{answer("Yes.")});
  Heard heard;
  const auto model = with_retries({{.caller = down, .provider = "first"}, {.caller = up, .provider = "second", .model = "n"}},
                                  {.random = [] { return 0.0; }, .wait = [](const CallContext&, milliseconds) {}});
  EXPECT_TRUE(model->stream_completion(caller(), {.model = "m"}, heard.sink()));
  EXPECT_TRUE(heard.said.ends_with("|reset||first/m→second/n|Yes.")) << heard.said;
  EXPECT_THAT(up->models, testing::ElementsAre("n"));
  EXPECT_THAT(up->attempts, testing::ElementsAre(4));
}

TEST(Retry, DoesNotAskTheNextModelForARequestThatWasRefused) {
  auto first = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{failing(refused())});
  auto second = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{answer("Yes.")});
  Heard heard;
  const auto model = with_retries({{.caller = first, .provider = "first"}, {.caller = second, .provider = "second"}});
  EXPECT_FALSE(model->stream_completion(caller(), {.model = "m"}, heard.sink()));
  EXPECT_EQ(second->calls, 0u);
}

TEST(Retry, IsCancelledWhileItWaits) {
  auto fake = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{failing(overloaded(milliseconds(20'000)))});
  const auto model = with_retries({{.caller = fake, .provider = "first"}});
  std::stop_source stop;
  CallContext context = caller();
  context.stop = stop.get_token();
  const auto start = std::chrono::steady_clock::now();
  std::jthread canceller([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  Heard heard;
  EXPECT_EQ(model->stream_completion(context, {.model = "m"}, heard.sink()).error().code, ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience * milliseconds(500));
}

// ---- breaker --------------------------------------------------------------------------------------------------------

TEST(CircuitBreaker, OpensAfterFailuresInARowAndAnswersAtOnce) {
  auto fake = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{failing(overloaded())});
  const auto model = with_circuit_breaker(fake, "first");
  Heard heard;
  for (int i = 0; i < kBreakerFailuresMax + 3; ++i) (void)model->stream_completion(caller(), {.model = "m"}, heard.sink());
  EXPECT_EQ(fake->calls, static_cast<std::size_t>(kBreakerFailuresMax));
  const auto open = model->stream_completion(caller(), {.model = "m"}, heard.sink());
  EXPECT_EQ(open.error().reason, "circuit_open");
  EXPECT_GT(open.error().retry_after.value_or(milliseconds{}), milliseconds(0));
  (void)model->stream_completion(caller(), {.model = "another"}, heard.sink());
  EXPECT_EQ(fake->calls, static_cast<std::size_t>(kBreakerFailuresMax) + 1) << "another model has a circuit of its own";
}

TEST(CircuitBreaker, IsToldOfFailuresInMidStream) {
  auto fake = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{failing(overloaded(), "He")});
  const auto model = with_circuit_breaker(fake, "first");
  Heard heard;
  for (int i = 0; i < kBreakerFailuresMax + 3; ++i) (void)model->stream_completion(caller(), {.model = "m"}, heard.sink());
  EXPECT_EQ(fake->calls, static_cast<std::size_t>(kBreakerFailuresMax));
}

TEST(CircuitBreaker, IsNotOpenedByRequestsThatWereRefusedNorByClientsThatLeft) {
  auto fake = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{failing(refused())});
  auto gone = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{answer("Hi")});
  Heard heard;
  const auto model = with_circuit_breaker(fake, "first");
  for (int i = 0; i < 20; ++i) (void)model->stream_completion(caller(), {.model = "m"}, heard.sink());
  EXPECT_EQ(fake->calls, 20u);
  const auto other = with_circuit_breaker(gone, "first");
  for (int i = 0; i < 20; ++i)
    (void)other->stream_completion(caller(), {.model = "m"},
                                   [](const StreamPart&) -> Result<> { return fail(ErrorCode::unavailable, "full"); });
  EXPECT_EQ(gone->calls, 20u);
}

TEST(CircuitBreaker, LeavesAServerAloneThatAsksForHours) {
  auto fake = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{failing(overloaded(milliseconds(86'400'000)))});
  const auto model = with_circuit_breaker(fake, "first");
  Heard heard;
  (void)model->stream_completion(caller(), {.model = "m"}, heard.sink());
  const auto open = model->stream_completion(caller(), {.model = "m"}, heard.sink());
  EXPECT_EQ(fake->calls, 1u);
  EXPECT_EQ(open.error().reason, "circuit_open");
  EXPECT_LE(*open.error().retry_after, kBreakerOpenMax);
}

TEST(CircuitBreaker, ATryThatThrowsIsNotTheLastOne) {
  auto fake = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{
      [](const CallContext&, const CompletionRequest&, const StreamSink&) -> Result<> { throw 7; }, answer("Hi")});
  const auto model = with_circuit_breaker(fake, "first");
  Heard heard;
  EXPECT_EQ(model->stream_completion(caller(), {.model = "m"}, heard.sink()).error().code, ErrorCode::internal);
  EXPECT_TRUE(model->stream_completion(caller(), {.model = "m"}, heard.sink()));
}

// ---- accounting -----------------------------------------------------------------------------------------------------

struct Ledger final : ModelCallObserver {
  void on_model_call(const ModelCallRecord& record) override { records.push_back(record); }
  std::vector<ModelCallRecord> records;
};

ScriptedTurn with_parts(std::vector<StreamPart> parts, std::optional<Error> error = {}) {
  ScriptedTurn turn;
  turn.parts = std::move(parts);
  turn.error = std::move(error);
  return turn;
}

TEST(Accounting, WritesOneAccountForEachRequestHoweverItEnds) {
  auto ledger = std::make_shared<Ledger>();
  const TokenUsage some{.input_tokens = 377, .output_tokens = 1};
  auto provider =
      std::make_shared<ScriptedProvider>(std::vector<ScriptedTurn>{say("Hi"),
                                                                   with_parts({UsageUpdate{some}, TextDelta{"H"}}, overloaded()),
                                                                   with_parts({UsageUpdate{some}, TextDelta{"H"}}),
                                                                   {.throws = true}});
  const auto model = with_accounting(provider, ledger, make_system_clock());
  Heard heard;
  for (int i = 0; i < 4; ++i) {
    const auto sink = [&](const StreamPart& part) -> Result<> {
      if (i == 2 && std::holds_alternative<TextDelta>(part)) return fail(ErrorCode::cancelled, "gone");
      return heard.sink()(part);
    };
    (void)model->stream_completion(caller(), {.model = "m", .session_id = SessionId("s"), .step = 2}, sink);
  }
  ASSERT_EQ(ledger->records.size(), 4u);
  EXPECT_EQ(ledger->records[0].status, ModelCallStatus::ok);
  EXPECT_TRUE(ledger->records[0].usage.complete);
  EXPECT_EQ(ledger->records[1].status, ModelCallStatus::error);
  EXPECT_EQ(ledger->records[1].error_code, "overloaded_error");
  EXPECT_EQ(ledger->records[1].usage.input_tokens, 377) << "the last that was heard of";
  EXPECT_FALSE(ledger->records[1].usage.complete);
  EXPECT_EQ(ledger->records[2].status, ModelCallStatus::cancelled);
  EXPECT_EQ(ledger->records[2].usage.input_tokens, 377);
  EXPECT_EQ(ledger->records[3].error_code, "provider_failed");
  EXPECT_FALSE(ledger->records[3].usage.input_tokens) << "unknown is not zero";
  EXPECT_FALSE(ledger->records[0].cost_nano_usd) << "nobody knows what a script costs";
}

// ---- limits of teams ------------------------------------------------------------------------------------------------

struct Limited {
  explicit Limited(TeamLimits limits, TeamUseReader read_use = {}) {
    fake = std::make_shared<FakeCaller>(
        std::vector<FakeCaller::Body>{[](const CallContext& context, const CompletionRequest& request, const StreamSink& sink) -> Result<> {
          ModelCallRecord record{.team_id = context.caller.team_id};
          record.usage = {.input_tokens = 900, .output_tokens = 100, .complete = true};
          record.cost_nano_usd = 400'000'000;
          request.observer->on_model_call(record);
          return sink(Finish{});
        }});
    model = with_team_limits(fake, make_team_limiter(limits, clock, std::move(read_use)), "anthropic", clock);
  }
  Result<> run(std::string team = "t") {
    Heard heard;
    return model->stream_completion(caller(std::move(team)), {.model = "claude-sonnet-5-5", .max_output_tokens = 1'000}, heard.sink());
  }
  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(*parse_time("2026-11-25T10:30:00Z"));
  std::shared_ptr<FakeCaller> fake;
  std::shared_ptr<ModelCaller> model;
};

TEST(TeamLimits, SetsAsideTheMostAndSettlesWhatWasUsed) {
  Limited stage({.tokens_per_hour_max = 3'000});
  EXPECT_TRUE(stage.run());
  EXPECT_TRUE(stage.run());
  EXPECT_TRUE(stage.run()) << "2,000 are used, 1,000 may be";
  const auto over = stage.run();
  EXPECT_EQ(over.error().reason, "team_token_limit");
  EXPECT_EQ(over.error().retry_after, std::chrono::minutes(30));
  EXPECT_TRUE(stage.run("another"));
  stage.clock->advance(std::chrono::minutes(31));
  EXPECT_TRUE(stage.run()) << "an hour later";
}

TEST(TeamLimits, StopsWhenTheDaysMoneyIsSpent) {
  Limited stage({.nano_usd_per_day_max = 1'000'000'000});
  EXPECT_TRUE(stage.run());
  EXPECT_TRUE(stage.run());
  EXPECT_TRUE(stage.run());
  EXPECT_EQ(stage.run().error().reason, "team_budget_spent");
}

TEST(TeamLimits, KnowsWhatWasUsedBeforeTheProcessBegan) {
  Limited stage({.nano_usd_per_day_max = 1'000'000'000},
                [](const CallContext&, const TeamScope&, Time) -> Result<TeamUse> { return TeamUse{.nano_usd = 999'000'000}; });
  EXPECT_EQ(stage.run().error().reason, "team_budget_spent");
}

TEST(TeamLimits, BoundsWhatIsUnderWayAtOnce) {
  auto clock = std::make_shared<FixedClock>(*parse_time("2026-11-25T10:30:00Z"));
  std::shared_ptr<ModelCaller> model;
  Result<> inner;
  auto fake = std::make_shared<FakeCaller>(
      std::vector<FakeCaller::Body>{[&](const CallContext& context, const CompletionRequest& request, const StreamSink& sink) -> Result<> {
        if (inner) inner = model->stream_completion(context, request, sink);
        return {};
      }});
  model = with_team_limits(fake, make_team_limiter({.calls_at_once_max = 1}, clock), "", clock);
  Heard heard;
  EXPECT_TRUE(model->stream_completion(caller(), {.model = "m"}, heard.sink()));
  EXPECT_EQ(inner.error().reason, "team_busy");
  EXPECT_TRUE(model->stream_completion(caller(), {.model = "m"}, heard.sink())) << "the place is free again";
}

TEST(TeamLimits, ACallThatThrowsGivesItsPlaceBack) {
  const auto clock = make_system_clock();
  auto fake = std::make_shared<FakeCaller>(std::vector<FakeCaller::Body>{
      [](const CallContext&, const CompletionRequest&, const StreamSink&) -> Result<> { throw std::bad_alloc(); }, answer("Hi")});
  const auto model = with_team_limits(fake, make_team_limiter({.calls_at_once_max = 1}, clock), "", clock);
  Heard heard;
  EXPECT_THROW((void)model->stream_completion(caller(), {.model = "m"}, heard.sink()), std::bad_alloc);
  EXPECT_TRUE(model->stream_completion(caller(), {.model = "m"}, heard.sink()));
}

// ---- redaction ------------------------------------------------------------------------------------------------------

struct Redacting {
  // The model is shown `messages` and answers with `parts`.
  std::string run(std::vector<Message> messages, std::vector<StreamPart> parts) {
    auto provider = std::make_shared<ScriptedProvider>(std::vector<ScriptedTurn>{with_parts(std::move(parts))});
    const auto model = with_redaction(provider);
    Heard heard;
    EXPECT_TRUE(model->stream_completion(caller(), {.model = "m", .messages = &messages}, heard.sink()));
    seen = provider->seen().front().messages;
    return heard.said;
  }
  std::vector<Message> seen;
};

TEST(Redaction, ShowsTheModelStandInsAndPutsTheAnswerRight) {
  Redacting stage;
  const std::string said =
      stage.run({{.text = "Orders of ann@example.com and bob@example.com, then ann@example.com"}},
                {TextDelta{"For redac"}, TextDelta{"ted-email-1"}, TextDelta{" and redacted-email-2."}, ToolCallStart{"c", "n"},
                 ToolCallEnd{.call = {.id = "c", .name = "n", .arguments = {{"sql", "WHERE mail = 'redacted-email-2'"}}}}, Finish{}});
  EXPECT_EQ(stage.seen.front().text, "Orders of redacted-email-1 and redacted-email-2, then redacted-email-1");
  EXPECT_EQ(said, R"(For ann@example.com and bob@example.com.{"sql":"WHERE mail = 'bob@example.com'"})");
}

TEST(Redaction, HidesPersonalValuesInTheAnswersOfToolsToo) {
  Redacting stage;
  stage.run({{.role = MessageRole::tool,
              .tool_results = {{.call_id = "c",
                                .name = "n",
                                .content = {{"rows", json::array{"ann@example.com", "4111 1111 1111 1111", "078-05-1120",
                                                                 "DE89 3704 0044 0532 0130 00"}}}}}}},
            {Finish{}});
  EXPECT_EQ(json::serialize(stage.seen.front().tool_results.front().content),
            R"({"rows":["redacted-email-1","redacted-card-1","redacted-ssn-1","redacted-account-1"]})");
}

TEST(Redaction, LeavesNumbersAloneThatOnlyLookLikeCards) {
  Redacting stage;
  stage.run({{.text = "ids 4111111111111112, 2001-03-31, 100,000,000 bytes, 1234567890123456"}}, {Finish{}});
  EXPECT_EQ(stage.seen.front().text, "ids 4111111111111112, 2001-03-31, 100,000,000 bytes, 1234567890123456");
}

TEST(Redaction, GivesTheSameStandInsAsTheConversationGrows) {
  Redacting stage;
  std::vector<Message> messages{{.text = "a@x.com"}, {.role = MessageRole::assistant, .text = "It is a@x.com."}};
  stage.run(messages, {Finish{}});
  const auto before = stage.seen;
  messages.push_back({.text = "and b@x.com, a@x.com?"});
  stage.run(messages, {Finish{}});
  EXPECT_EQ(stage.seen[0].text, before[0].text);
  EXPECT_EQ(stage.seen[1].text, before[1].text);
  EXPECT_EQ(stage.seen[2].text, "and redacted-email-2, redacted-email-1?");
}

TEST(Redaction, RemovesSecretsForGood) {
  const CleanText clean = remove_secrets(
      "key sk-ant-api03-abcdefghijklmnopqrstuvwxyz and postgresql://ann:hunter2secret@db/x and AKIAIOSFODNN7EXAMPLE\n"
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----");
  EXPECT_EQ(clean.text, "key [removed] and postgresql://ann:[removed]@db/x and [removed]\n[removed]");
  EXPECT_EQ(clean.removed, 4);
}

TEST(Redaction, FindsEachKindAlone) {
  for (const char* secret : {"sk-abcdefghijklmnop", "brg_0123456789abcdef", "AKIAIOSFODNN7EXAMPLE", "eyJabcdefghij.abcdefghij.abcdefghij",
                             "-----BEGIN PRIVATE KEY-----", "x://a:b@c"})
    EXPECT_EQ(remove_secrets(str("a ", secret, " b")).removed, 1) << secret;
  for (const char* value : {"a@b.cc", "078-05-1120", "4222222222222", "NO93 8601 1117 947"}) {
    Redacting stage;
    stage.run({{.text = str("of ", value)}}, {Finish{}});
    EXPECT_TRUE(stage.seen.front().text.starts_with("of redacted-")) << value;
  }
}

TEST(Redaction, DoesNotTouchWhatAProviderWantsBackUnchanged) {
  Redacting stage;
  stage.run(
      {{.text = "a@x.com"}, {.role = MessageRole::assistant, .opaque = OpaqueContent{"anthropic", "m", "[{\"signature\":\"a@x.com\"}]"}}},
      {Finish{}});
  EXPECT_EQ(stage.seen[1].opaque->json, "[{\"signature\":\"a@x.com\"}]");
}

// ---- all of it ------------------------------------------------------------------------------------------------------

TEST(ModelGateway, AccountsForAProviderOfThisProgramAndDoesNothingElse) {
  auto ledger = std::make_shared<Ledger>();
  auto provider = std::make_shared<ScriptedProvider>(std::vector<ScriptedTurn>{say("for a@x.com")});
  const auto model = behind_gateway({provider}, {}, {.observer = ledger, .clock = make_system_clock()}).front();
  Heard heard;
  const std::vector<Message> messages{{.text = "a@x.com"}};
  EXPECT_TRUE(model->stream_completion(caller(), {.model = "script-1", .messages = &messages}, heard.sink()));
  EXPECT_EQ(provider->seen().front().messages.front().text, "a@x.com");
  EXPECT_EQ(ledger->records.size(), 1u);
}

}  // namespace
}  // namespace bridge
