#include "features/dashboard_generation/suggestion_service.h"

#include <gtest/gtest.h>

#include "features/dashboard_generation/testing/generation_workspace.h"

namespace bridge {
namespace {

TEST(SuggestionService, ReadsASentenceOverTheTableThatFits) {
  GenerationWorkspace workspace;
  const auto service = *make_suggestion_service(workspace.tool_parts(), nullptr);
  const auto answer =
      service->suggest(workspace.context, {.connection_id = workspace.connection_id, .sentence = "average wind by weather"});
  ASSERT_TRUE(answer) << describe_error(answer.error());
  EXPECT_EQ(answer->table, "seattle_weather");
  ASSERT_FALSE(answer->readings.empty());
  EXPECT_EQ(answer->readings.front().x, "weather");
  EXPECT_EQ(answer->readings.front().y, "wind");
  EXPECT_EQ(answer->readings.front().aggregate, "mean");
  EXPECT_TRUE(workspace.saved().empty());
}

TEST(SuggestionService, GivesAQueryThatRunsAndKeepsTheFiltersOfTheOneThatItReplaces) {
  GenerationWorkspace workspace;
  const auto service = *make_suggestion_service(workspace.tool_parts(), nullptr);
  const auto ask = [&](std::string replaced) {
    const auto answer = service->suggest(
        workspace.context,
        {.connection_id = workspace.connection_id, .sentence = "average wind by weather", .replaced_sql = std::move(replaced)});
    EXPECT_TRUE(answer) << describe_error(answer.error());
    return answer ? answer->readings.front().sql.value_or("") : std::string();
  };
  EXPECT_EQ(ask(""), "SELECT weather AS weather, avg(wind) AS \"value\"\nFROM seattle_weather\nGROUP BY 1\nORDER BY 1 NULLS LAST");
  const std::string kept =
      ask("SELECT max(wind) FROM seattle_weather -- filter(:none, a)\nWHERE filter(:period, \"date\") AND filter(:kind , weather ) AND "
          "filter(:kind, "
          "weather) AND filter(:high, wind > 3)");
  EXPECT_NE(kept.find("\nWHERE filter(:period, \"date\") AND filter(:kind, weather)\nGROUP BY"), std::string::npos) << kept;
  EXPECT_EQ(ask("SELECT 1 FROM flights WHERE filter(:period, date)").find("filter"), std::string::npos) << "another table";
  EXPECT_TRUE(workspace.call("run_dry_run_query", {{"sql", ask("")}})->at("valid").as_bool());
}

TEST(SuggestionService, LooksUpValuesThatAreRare) {
  GenerationWorkspace workspace;
  const auto service = *make_suggestion_service(workspace.tool_parts(), nullptr);
  const auto answer = service->suggest(
      workspace.context, {.connection_id = workspace.connection_id, .sentence = "number of flights by origin for ORD and YAK"});
  ASSERT_TRUE(answer) << describe_error(answer.error());
  ASSERT_EQ(answer->readings.front().filters.size(), 1u);
  EXPECT_EQ(answer->readings.front().filters.front().values, (std::vector<std::string>{"ORD", "YAK"}));
}

TEST(SuggestionService, RefusesWhatItCannotRead) {
  GenerationWorkspace workspace;
  const auto service = *make_suggestion_service(workspace.tool_parts(), nullptr);
  const auto ask = [&](SuggestionRequest request) {
    request.connection_id = workspace.connection_id;
    return service->suggest(workspace.context, request);
  };
  EXPECT_EQ(ask({.sentence = " "}).error().reason, "bad_sentence");
  EXPECT_EQ(ask({.sentence = "delay", .top = 0}).error().reason, "bad_sentence");
  EXPECT_EQ(ask({.sentence = "delay", .table = "nowhere"}).error().reason, "nothing_matched");
  EXPECT_FALSE(service->suggest(workspace.context, {.connection_id = ConnectionId("another"), .sentence = "delay"}));
}

TEST(FindValues, IsGovernedAndToldToNoModel) {
  GenerationWorkspace workspace;
  const auto found = workspace.call("find_values", {{"table", "flights_3m"}, {"words", json::array{"yak", "nowhere"}}});
  ASSERT_TRUE(found) << describe_error(found.error());
  ASSERT_FALSE(found->at("found").as_array().empty());
  EXPECT_EQ(found->at("found").as_array().front().as_object().at("value").as_string(), "YAK");
  workspace.cap_bytes = 1'000;
  EXPECT_EQ(workspace.call("find_values", {{"table", "flights_3m"}, {"words", json::array{"yak"}}}).error().code,
            ErrorCode::resource_exhausted);
  const ToolRegistry tools = *make_generation_tools(workspace.tool_parts());
  const ToolContext context{.call = workspace.context, .session_id = SessionId("s"), .connection_id = workspace.connection_id};
  for (const ToolSpecification& tool : tools.list_tools(context)) EXPECT_NE(tool.name, "find_values");
}

}  // namespace
}  // namespace bridge
