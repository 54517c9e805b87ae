#include "features/dashboard_generation/generation_service.h"

#include <gmock/gmock.h>

#include "base/testing/patience.h"
#include "features/dashboard_generation/generation_endpoints.h"
#include "features/dashboard_generation/testing/generation_workspace.h"

namespace bridge {
namespace {

ScriptedTurn call_one(std::string name, json::object arguments) {
  static std::atomic<int> count = 0;
  return call_tools({{.id = str("call-", ++count), .name = std::move(name), .arguments = std::move(arguments)}});
}

// A model that does everything right.
std::vector<ScriptedTurn> good_script(const std::string& yaml = trend_yaml()) {
  return {call_one("list_tables", {{"dataset", "main"}}), call_one("run_dry_run_query", {{"sql", kTrendSql}, {"params", trend_params()}}),
          call_one("validate_dashboard_yaml", {{"yaml", yaml}}), call_one("save_dashboard_yaml", {{"yaml", yaml}}),
          say("Flights by day, January to March 2001.")};
}

constexpr const char* kSentence = "How many flights a day?";
GenerationRequest demo_request(const GenerationWorkspace& workspace, std::string prompt = kSentence) {
  return {.connection_id = workspace.connection_id, .user_prompt = std::move(prompt)};
}

Result<GenerationDone> generate(GenerationWorkspace& workspace, RecordingSink& sink, const GenerationRequest& request) {
  const auto service = workspace.service();
  GenerationStart start = TRY(service->start(workspace.context, request));
  return service->run(workspace.context, std::move(start), sink);
}

TEST(GenerationService, TurnsASentenceIntoASavedDashboardAndShowsEveryStep) {
  GenerationWorkspace workspace(good_script());
  RecordingSink sink;
  const auto done = generate(workspace, sink, demo_request(workspace));
  ASSERT_TRUE(done) << describe_error(done.error()) << "\n" << sink.transcript();
  EXPECT_EQ(done->dashboard_slug, "flights-by-day");
  EXPECT_THAT(sink.names(), testing::ElementsAre("session", "tool_call", "tool_result", "tool_call", "tool_result", "tool_call",
                                                 "tool_result", "tool_call", "tool_result", "token", "done"));
  const json::object& dry_run = sink.events[4].second;
  EXPECT_TRUE(dry_run.at("ok").as_bool());
  EXPECT_GT(dry_run.at("bytes_scanned").to_number<std::int64_t>(), 0);
  EXPECT_TRUE(dry_run.contains("ms") && dry_run.contains("summary"));
  EXPECT_EQ(sink.events.back().second.at("preview_url").as_string(), "/d/flights-by-day");
  const json::value provenance = parse_document(workspace.dashboards->get_text(workspace.context, "flights-by-day")->yaml)->meta.provenance;
  EXPECT_EQ(provenance.at("generator").as_string(), "scripted");
  EXPECT_EQ(provenance.at("prompt").as_string(), "How many flights a day?");
  EXPECT_EQ(provenance.at("session_id").as_string(), done->session_id.value());
}

TEST(GenerationService, EndsWithTheAccountThatTheDocumentKeeps) {
  GenerationWorkspace workspace(good_script(
      trend_yaml() + "\nx-account: [{\"word\":\"flights\",\"role\":\"used\",\"taken_for\":\"table\",\"bound_to\":\"flights_3m\"}]\n"));
  RecordingSink sink;
  const auto done = generate(workspace, sink, demo_request(workspace));
  ASSERT_TRUE(done) << describe_error(done.error());
  ASSERT_EQ(done->account.size(), 1u);
  EXPECT_EQ(sink.events.back().second.at("account").at(0).at("bound_to").as_string(), "flights_3m");
}

TEST(GenerationService, ShowsTheModelTheBlocksTheSentenceAndTheTables) {
  GenerationWorkspace workspace(good_script());
  RecordingSink sink;
  ASSERT_TRUE(generate(workspace, sink, demo_request(workspace)));
  const auto seen = workspace.provider->seen();
  EXPECT_EQ(seen[0].prompt_blocks.size(), 4u);
  EXPECT_EQ(words_of(seen[0].messages[0]), "How many flights a day?");
  EXPECT_NE(seen[0].messages[0].text.find("flights_3m"), std::string::npos);
  std::vector<std::string> offered;
  for (const ToolSpecification& tool : make_generation_tools(workspace.tool_parts())->list_tools({.call = workspace.context}))
    offered.push_back(tool.name);
  EXPECT_EQ(seen[0].tools, offered);
  EXPECT_THAT(offered, testing::Contains("save_dashboard_yaml"));
  EXPECT_THAT(offered, testing::Not(testing::Contains("find_values"))) << "of the rules alone";
}

TEST(GenerationService, KeepsTheTranscriptAndClosesTheManifest) {
  GenerationWorkspace workspace(good_script());
  RecordingSink sink;
  const auto done = generate(workspace, sink, demo_request(workspace));
  ASSERT_TRUE(done);
  const auto session = workspace.sessions->load_history(workspace.context, done->session_id);
  ASSERT_TRUE(session) << describe_error(session.error());
  EXPECT_EQ(session->status, SessionStatus::completed);
  EXPECT_EQ(session->messages.size(), 1 + 4 * 2 + 1u);
  EXPECT_EQ(session->totals.model_calls, 5);
}

TEST(GenerationService, SaysInItsOwnWordsThatAModelSavedNothingWhateverTheModelSaysAndLetsTheRulesTakeOver) {
  const std::vector<std::vector<ScriptedTurn>> liars = {
      {say("I saved your dashboard as my-dashboard.")},
      {call_one("run_dry_run_query", {{"sql", "SELECT count(*) AS n FROM flights_3m"}}), say("Saved! See /d/my-dashboard.")},
      {ScriptedTurn{.parts = {Finish{FinishReason::stop}}}}};
  for (const auto& script : liars) {
    GenerationWorkspace workspace(script);
    RecordingSink sink;
    const auto done = generate(workspace, sink, demo_request(workspace));
    ASSERT_TRUE(done) << describe_error(done.error()) << sink.transcript();
    EXPECT_NE(done->dashboard_slug, "my-dashboard");
    const auto fallback = std::ranges::find(sink.events, "fallback", [](const auto& event) { return event.first; });
    ASSERT_NE(fallback, sink.events.end()) << sink.transcript();
    const std::string reason(fallback->second.at("reason").as_string());
    EXPECT_NE(reason.find("The rules take over"), std::string::npos);
    EXPECT_EQ(reason.find("my-dashboard"), std::string::npos) << reason;
    EXPECT_EQ(workspace.saved().size(), 1u);
  }
}

TEST(GenerationService, SaysWhichTablesThereAreWhenNothingMatches) {
  GenerationWorkspace workspace({say("I know nothing of unicorns.")});
  RecordingSink sink;
  const auto done = generate(workspace, sink, demo_request(workspace, "quarterly invoices of our dentists"));
  ASSERT_FALSE(done);
  ASSERT_EQ(reason_of(done.error()), "nothing_matched");
  const json::object& problem = sink.events.back().second;
  EXPECT_EQ(sink.events.back().first, "error");
  EXPECT_EQ(problem.at("code").as_string(), "nothing_matched");
  EXPECT_NE(std::string(problem.at("detail").as_string()).find("There are these tables: "), std::string::npos);
  EXPECT_TRUE(workspace.saved().empty());
}

TEST(GenerationService, NamesTheTablesOnceWhenTheRulesNamedThemAlready) {
  GenerationWorkspace workspace({say("I know nothing of unicorns.")});
  RecordingSink sink;
  const auto done = generate(workspace, sink, demo_request(workspace, "unicorn sightings"));
  ASSERT_FALSE(done);
  const std::string detail(sink.events.back().second.at("detail").as_string());
  EXPECT_NE(detail.find("flights_3m"), std::string::npos) << detail;
  EXPECT_EQ(detail.find("these tables"), detail.rfind("these tables")) << detail;
}

TEST(GenerationService, SavesNothingForAModelThatSkipsTheChecks) {
  GenerationWorkspace workspace({call_one("save_dashboard_yaml", {{"yaml", trend_yaml()}}),
                                 call_one("validate_dashboard_yaml", {{"yaml", trend_yaml()}}),
                                 call_one("save_dashboard_yaml", {{"yaml", trend_yaml()}, {"slug", "mine"}}), say("Done!")});
  RecordingSink sink;
  // A sentence of which the rules make nothing either.
  const auto done = generate(workspace, sink, demo_request(workspace, "quarterly invoices of our dentists"));
  ASSERT_FALSE(done);
  EXPECT_TRUE(workspace.saved().empty());
  EXPECT_EQ(sink.events.back().first, "error");
}

TEST(GenerationService, EndsWithTheProvidersErrorAndKeepsTheTranscript) {
  std::vector<ScriptedTurn> turns = good_script();
  turns.resize(2);
  turns.push_back(
      {.parts = {TextDelta{"Now"}}, .error = Error{.code = ErrorCode::unavailable, .message = "Overloaded", .reason = "overloaded"}});
  GenerationWorkspace workspace(turns);
  RecordingSink sink;
  const auto service = workspace.service();
  auto start = service->start(workspace.context, demo_request(workspace));
  ASSERT_TRUE(start);
  const SessionId session = start->session.id;
  ASSERT_FALSE(service->run(workspace.context, *std::move(start), sink));
  EXPECT_EQ(sink.events.back().second.at("code").as_string(), "overloaded");
  const auto kept = workspace.sessions->load_history(workspace.context, session);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->status, SessionStatus::failed);
  EXPECT_EQ(kept->messages.size(), 6u) << "the words before the error too";
}

TEST(GenerationService, KeepsTheTranscriptWhenTheClientGoesAway) {
  GenerationWorkspace workspace(good_script());
  RecordingSink sink;
  sink.gone_after = 3;
  const auto service = workspace.service();
  auto start = service->start(workspace.context, demo_request(workspace));
  const SessionId session = start->session.id;
  const auto done = service->run(workspace.context, *std::move(start), sink);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::cancelled);
  EXPECT_TRUE(workspace.sessions->load_history(workspace.context, session));
}

TEST(GenerationService, RefusesWhatCannotBegin) {
  GenerationWorkspace workspace(good_script());
  const auto service = workspace.service();
  const auto code = [&](const GenerationRequest& request) {
    const auto start = service->start(workspace.context, request);
    return start ? std::string("started") : std::string(reason_of(start.error()));
  };
  EXPECT_EQ(code(demo_request(workspace, "")), "bad_prompt");
  EXPECT_EQ(code(demo_request(workspace, " \n\t")), "bad_prompt");
  EXPECT_EQ(code(demo_request(workspace, std::string(2'001, 'a'))), "bad_prompt");
  EXPECT_EQ(code({.connection_id = ConnectionId("other"), .user_prompt = "x"}), "connection_not_found");
  EXPECT_EQ(code({.connection_id = workspace.connection_id, .user_prompt = "x", .provider = "anthropic"}), "unknown_provider");
}

TEST(GenerationService, TellsTheModelOfADocumentThatIsValid) {
  const auto blocks = default_prompt_blocks();
  const std::string& text = blocks.front().content;
  const std::size_t begin = text.find("```yaml\n") + 8;
  const Validation validation = validate_document(text.substr(begin, text.find("```", begin) - begin));
  EXPECT_TRUE(validation.report.valid) << to_json_text(validation.report);
}

TEST(GenerationService, AnswersASentenceWithoutAnyModel) {
  GenerationWorkspace workspace;
  for (const char* sentence : {"Which origins have the longest average delay?", "How has the temperature in Seattle changed by month?",
                               "how many flights per day,\n\nand how far do they go?"}) {
    RecordingSink sink;
    GenerationRequest request = demo_request(workspace, sentence);
    request.provider = "rules";
    const auto start = std::chrono::steady_clock::now();
    const auto done = generate(workspace, sink, request);
    ASSERT_TRUE(done) << describe_error(done.error()) << "\n" << sink.transcript();
    EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience * std::chrono::seconds{5});
    EXPECT_EQ(parse_document(workspace.dashboards->get_text(workspace.context, done->dashboard_slug)->yaml)
                  ->meta.provenance.at("generator")
                  .as_string(),
              "rules");
    if (std::getenv("SHOW"))
      std::puts((sink.transcript() + workspace.dashboards->get_text(workspace.context, done->dashboard_slug)->yaml).c_str());
  }
}

TEST(GenerationService, SaysWithoutAnyModelThatNothingMatches) {
  GenerationWorkspace workspace;
  RecordingSink sink;
  GenerationRequest request = demo_request(workspace, "quarterly invoices of our dentists");
  request.provider = "rules";
  const auto done = generate(workspace, sink, request);
  ASSERT_FALSE(done);
  EXPECT_EQ(reason_of(done.error()), "nothing_matched") << sink.transcript();
  EXPECT_NE(done.error().message.find("flights_3m"), std::string::npos);
}

TEST(GenerationEndpoints, RefuseABadBodyBeforeAStreamBegins) {
  GenerationWorkspace workspace(good_script());
  const auto service = workspace.service();
  const std::vector<Route> routes = make_generation_routes(*service);
  Request request{.method = Method::post,
                  .headers = {{"content-type", "application/json"}},
                  .body = R"({"connection_id":"c","user_prompt":"x","modle":"y"})"};
  request.context = workspace.context;
  const auto refused = routes[0].handler(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().violations.at(0).suggestion, "model");
  request.body = to_json_text(demo_request(workspace));
  const auto response = routes[0].handler(request);
  ASSERT_TRUE(response) << describe_error(response.error());
  RecordingSink sink;
  response->stream(sink, workspace.context);
  EXPECT_EQ(sink.events.back().first, "done");
}

ScriptedTurn validate_nonsense(int n) {
  return call_tools({{.id = str("v", n), .name = "validate_dashboard_yaml", .arguments = {{"yaml", str("bridge: 1\ntitle: ", n, "\n")}}}});
}

TEST(GenerationService, LetsAModelMendItsDocumentAFewTimesAndThenTheRulesTakeOverAndSaySo) {
  std::vector<ScriptedTurn> turns;
  for (int i = 0; i <= generation_limits::kRepairRoundsMax; ++i) turns.push_back(validate_nonsense(i));
  GenerationWorkspace workspace(std::move(turns));
  RecordingSink sink;
  auto start = workspace.service()->start(workspace.context, {.connection_id = workspace.connection_id, .user_prompt = "flights by month"});
  ASSERT_TRUE(start);
  const auto done = workspace.service()->run(workspace.context, std::move(*start), sink);
  ASSERT_TRUE(done) << sink.transcript();
  const auto names = sink.names();
  EXPECT_EQ(std::ranges::count(names, "fallback"), 1) << sink.transcript();
  const auto fallback = std::ranges::find_if(sink.events, [](const auto& event) { return event.first == "fallback"; });
  EXPECT_EQ(fallback->second.at("to").as_string(), "rules/" + make_rules_provider()->default_model());
  EXPECT_EQ(names.back(), "done");
  EXPECT_EQ(workspace.saved().size(), 1u);
}

TEST(GenerationService, DoesNotTakeOverFromAModelThatItsServerLetDown) {
  ScriptedTurn down;
  down.error = Error{.code = ErrorCode::unavailable, .message = "down", .reason = "overloaded_error"};
  GenerationWorkspace workspace({down});
  RecordingSink sink;
  auto start = workspace.service()->start(workspace.context, {.connection_id = workspace.connection_id, .user_prompt = "flights by month"});
  ASSERT_TRUE(start);
  const auto done = workspace.service()->run(workspace.context, std::move(*start), sink);
  EXPECT_EQ(done.error().reason, "overloaded_error");
  EXPECT_TRUE(workspace.saved().empty());
}

TEST(GenerationService, OffersToSaveOnlyWhatIsValid) {
  GenerationWorkspace workspace;
  const ToolRegistry tools = *make_generation_tools(workspace.tool_parts());
  const ToolContext context{.call = workspace.context, .session_id = SessionId("s"), .connection_id = workspace.connection_id};
  const auto is_offered = [&] {
    const auto specifications = tools.list_tools(context);
    return std::ranges::find(specifications, "save_dashboard_yaml", &ToolSpecification::name)->offered;
  };
  EXPECT_FALSE(is_offered());
  ASSERT_TRUE(workspace.call("run_dry_run_query", {{"sql", kTrendSql}, {"params", trend_params()}}));
  const auto report = workspace.call("validate_dashboard_yaml", {{"yaml", trend_yaml()}});
  ASSERT_TRUE(report->at("valid").as_bool()) << json::serialize(*report);
  EXPECT_TRUE(is_offered());
}

TEST(TwoGenerationServices, SaveADashboardEachFromOneSentenceAtOnce) {
  GenerationWorkspace first(good_script()), second(good_script(), &first);
  RecordingSink to_first, to_second;
  Result<GenerationDone> mine, theirs;
  {
    const std::jthread one([&] { mine = generate(first, to_first, demo_request(first)); });
    const std::jthread other([&] { theirs = generate(second, to_second, demo_request(second)); });
  }
  ASSERT_TRUE(mine) << describe_error(mine.error()) << to_first.transcript();
  ASSERT_TRUE(theirs) << describe_error(theirs.error()) << to_second.transcript();
  EXPECT_THAT((std::vector{mine->dashboard_slug, theirs->dashboard_slug}),
              testing::UnorderedElementsAre("flights-by-day", "flights-by-day-2"));
  // Each has what the other made: the dashboard, and the way there.
  EXPECT_EQ(first.saved().size(), 2u);
  EXPECT_EQ(second.saved().size(), 2u);
  EXPECT_TRUE(first.dashboards->get_plan(first.context, theirs->dashboard_slug).has_value());
  EXPECT_EQ(first.sessions->load_history(first.context, theirs->session_id)->messages.size(), 1 + 4 * 2 + 1u);
  EXPECT_EQ(second.sessions->load_history(second.context, mine->session_id)->messages.size(), 1 + 4 * 2 + 1u);
}

}  // namespace
}  // namespace bridge
