#include "features/dashboard_generation/generation_tools.h"

#include <gmock/gmock.h>

#include "features/dashboard_generation/testing/generation_workspace.h"

namespace bridge {
namespace {

json::object dry_run_of(std::string_view sql) { return {{"sql", json::string(sql)}, {"params", trend_params()}}; }
std::string first_code(const json::object& report) { return std::string(report.at("errors").at(0).at("code").as_string()); }

TEST(GenerationTools, ListDatasetsAndTheirTables) {
  GenerationWorkspace workspace;
  const auto datasets = workspace.call("list_datasets", {});
  ASSERT_TRUE(datasets) << describe_error(datasets.error());
  const std::string dataset(datasets->at("datasets").at(0).at("name").as_string());
  const auto tables = workspace.call("list_tables", {{"dataset", dataset}});
  ASSERT_TRUE(tables) << describe_error(tables.error());
  const std::string text = json::serialize(*tables);
  EXPECT_NE(text.find("\"flights_3m\""), std::string::npos);
  EXPECT_LT(text.size(), OrchestratorLimits{}.tool_result_bytes_max);
}

TEST(GenerationTools, ShowAColumnsTypeAndStatistics) {
  GenerationWorkspace workspace;
  for (const char* name : {"flights_3m", "main.flights_3m"}) {
    const auto schema = workspace.call("get_table_schema", {{"table", name}});
    ASSERT_TRUE(schema) << describe_error(schema.error());
    EXPECT_EQ(schema->at("row_count").to_number<std::int64_t>(), 3'000'000);
    EXPECT_EQ(schema->at("dialect").as_string(), "duckdb");
    const json::object& date = schema->at("columns").at(0).as_object();
    EXPECT_TRUE(date.at("statistics").as_object().contains("distinct_count"));
  }
}

TEST(GenerationTools, NameTheNearestTableWhenThereIsNoneOfThatName) {
  GenerationWorkspace workspace;
  const auto schema = workspace.call("get_table_schema", {{"table", "flight_3m"}});
  ASSERT_FALSE(schema);
  EXPECT_EQ(reason_of(schema.error()), "unknown_table");
  EXPECT_EQ(schema.error().violations.at(0).suggestion, "flights_3m");
}

TEST(GenerationTools, SayWhatAQueryWouldScanWithItsDefaultsBound) {
  GenerationWorkspace workspace;
  const auto dry_run = workspace.call("run_dry_run_query", dry_run_of(kTrendSql));
  ASSERT_TRUE(dry_run) << describe_error(dry_run.error());
  EXPECT_TRUE(dry_run->at("valid").as_bool());
  EXPECT_GT(dry_run->at("bytes_scanned").to_number<std::int64_t>(), 0);
  EXPECT_EQ(dry_run->at("cap_bytes").to_number<std::int64_t>(), 100'000'000);
  EXPECT_EQ(dry_run->at("columns").at(1).at("name").as_string(), "flights");
}

TEST(GenerationTools, RefuseAQueryAtOrOverTheCapWithTheWayOut) {
  GenerationWorkspace workspace;
  workspace.cap_bytes = 1'000;
  const auto dry_run = workspace.call("run_dry_run_query", dry_run_of("SELECT * FROM flights_3m"));
  ASSERT_TRUE(dry_run) << describe_error(dry_run.error());
  const json::object& error = dry_run->at("error").as_object();
  EXPECT_EQ(error.at("code").as_string(), "byte_cap_exceeded");
  EXPECT_EQ(error.at("cap_bytes").to_number<std::int64_t>(), 1'000);
  EXPECT_GT(error.at("bytes_scanned").to_number<std::int64_t>(), 1'000);
  EXPECT_NE(std::string(error.at("help").as_string()).find("flights_3m"), std::string::npos);
  // A refused text is no approved text.
  EXPECT_FALSE(workspace.ledger.approved_bytes(SessionId("s"), workspace.connection_id, "SELECT * FROM flights_3m"));
}

TEST(GenerationTools, PointAtTheMistakeInSqlWhereTheModelWroteIt) {
  GenerationWorkspace workspace;
  const auto unknown = workspace.call("run_dry_run_query", dry_run_of("SELECT count(*)\nFROM flights_3m\nWHERE filter(:perod, date)"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().violations.at(0).code, "unknown_parameter");
  EXPECT_EQ(unknown.error().violations.at(0).line, 3);
  EXPECT_EQ(unknown.error().violations.at(0).suggestion, "period");
  const auto written = workspace.call("run_dry_run_query", {{"sql", "DELETE FROM flights_3m"}});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(workspace.call("run_dry_run_query", {{"sql", "  "}}));
  EXPECT_FALSE(workspace.call("run_dry_run_query",
                              {{"sql", "SELECT 1"}, {"params", json::object{{"period", json::object{{"type", "daterange"}}}}}}));
}

TEST(GenerationTools, ValidateOnlyDocumentsWhoseSqlWasTried) {
  GenerationWorkspace workspace;
  const auto untried = workspace.call("validate_dashboard_yaml", {{"yaml", trend_yaml()}});
  ASSERT_TRUE(untried) << describe_error(untried.error());
  EXPECT_FALSE(untried->at("valid").as_bool());
  EXPECT_EQ(first_code(*untried), "dry_run_missing");
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  const auto tried = workspace.call("validate_dashboard_yaml", {{"yaml", trend_yaml()}});
  ASSERT_TRUE(tried);
  EXPECT_TRUE(tried->at("valid").as_bool()) << json::serialize(*tried);
}

TEST(GenerationTools, LetNoArgumentChooseAnotherTeamConnectionOrCap) {
  GenerationWorkspace workspace;
  for (const json::object& arguments :
       {json::object{{"sql", "SELECT 1"}, {"connection_id", "other"}}, json::object{{"sql", "SELECT 1"}, {"team_id", "other"}},
        json::object{{"sql", "SELECT 1"}, {"cap_bytes", 1'000'000'000}}}) {
    const auto refused = workspace.call("run_dry_run_query", arguments);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().violations.at(0).code, "unknown_field");
  }
  workspace.context.caller.team_id = TeamId("other");
  for (const char* tool : {"list_datasets", "run_dry_run_query", "validate_dashboard_yaml"}) {
    const std::map<std::string_view, json::object> arguments = {
        {"run_dry_run_query", {{"sql", "SELECT 1"}}}, {"validate_dashboard_yaml", {{"yaml", trend_yaml()}}}, {"list_datasets", {}}};
    const auto refused = workspace.call(tool, arguments.at(tool));
    ASSERT_FALSE(refused) << tool;
    EXPECT_EQ(refused.error().code, ErrorCode::not_found) << tool;
  }
}

TEST(GenerationTools, TakeADryRunOfAnotherSessionOrConnectionForNone) {
  DryRunLedger ledger;
  ASSERT_TRUE(ledger.approve_sql(SessionId("s"), ConnectionId("c"), "SELECT 1", 10));
  EXPECT_EQ(ledger.approved_bytes(SessionId("s"), ConnectionId("c"), "  SELECT 1\n"), 10u);
  EXPECT_FALSE(ledger.approved_bytes(SessionId("other"), ConnectionId("c"), "SELECT 1"));
  EXPECT_FALSE(ledger.approved_bytes(SessionId("s"), ConnectionId("other"), "SELECT 1"));
  EXPECT_FALSE(ledger.approved_bytes(SessionId("s"), ConnectionId("c"), "SELECT  1"));
}

TEST(GenerationTools, RememberNoMoreSessionsThanTheirLimit) {
  DryRunLedger ledger;
  for (std::size_t i = 0; i <= generation_limits::kLedgerSessionsMax; ++i)
    ASSERT_TRUE(ledger.approve_sql(SessionId(str(i)), ConnectionId("c"), "SELECT 1", 10));
  EXPECT_FALSE(ledger.approved_bytes(SessionId("0"), ConnectionId("c"), "SELECT 1"));
  EXPECT_TRUE(ledger.approved_bytes(SessionId("1"), ConnectionId("c"), "SELECT 1"));
  Result<> last;
  for (std::size_t i = 0; last && i < 2 * generation_limits::kLedgerEntriesMax; ++i)
    last = ledger.approve_sql(SessionId("x"), ConnectionId("c"), str("SELECT ", i), 1);
  ASSERT_FALSE(last);
  EXPECT_EQ(reason_of(last.error()), "too_many_dry_runs");
}

TEST(GenerationTools, RefuseColourThatMeansNothing) {
  GenerationWorkspace workspace;
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  const auto repeated = workspace.call("validate_dashboard_yaml", {{"yaml", trend_yaml(kTrendSql, ", color: day")}});
  ASSERT_TRUE(repeated);
  EXPECT_EQ(first_code(*repeated), "color_without_meaning");
  std::string painted = trend_yaml();
  painted =
      replace_all(painted, "[{chart: trend, w: 12}]", "[{chart: trend, w: 8}, {text: \"<span style='color:red'>Late!</span>\", w: 4}]");
  const auto text = workspace.call("validate_dashboard_yaml", {{"yaml", painted}});
  ASSERT_TRUE(text);
  EXPECT_EQ(first_code(*text), "color_without_meaning");
}

TEST(GenerationTools, RefuseLinksAndImagesInWhatAModelWrote) {
  GenerationWorkspace workspace;
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  for (const char* text : {"![x](https://evil.example/a.png)", "[see](//evil.example)", "<img src=x>", "Go to https://evil.example"}) {
    const std::string layout = str("[{chart: trend, w: 8}, {text: ", json::serialize(json::string(text)), ", w: 4}]");
    const auto report = workspace.call("validate_dashboard_yaml", {{"yaml", replace_all(trend_yaml(), "[{chart: trend, w: 12}]", layout)}});
    ASSERT_TRUE(report);
    EXPECT_EQ(first_code(*report), "link_not_allowed") << text;
  }
}

TEST(GenerationTools, RefuseADocumentAboutAnotherConnection) {
  GenerationWorkspace workspace;
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  const auto report =
      workspace.call("validate_dashboard_yaml", {{"yaml", replace_all(trend_yaml(), "connection: demo", "connection: other")}});
  ASSERT_TRUE(report);
  EXPECT_EQ(first_code(*report), "unknown_connection");
}

TEST(GenerationTools, SaveOnlyTheExactTextThatValidated) {
  GenerationWorkspace workspace;
  const std::string yaml = trend_yaml();
  const auto early = workspace.call("save_dashboard_yaml", {{"yaml", yaml}});
  ASSERT_FALSE(early);
  EXPECT_EQ(reason_of(early.error()), "not_validated");
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  ASSERT_TRUE(workspace.call("validate_dashboard_yaml", {{"yaml", yaml}}));
  EXPECT_FALSE(workspace.call("save_dashboard_yaml", {{"yaml", yaml + "# changed\n"}}));
  const auto saved = workspace.call("save_dashboard_yaml", {{"yaml", yaml}});
  ASSERT_TRUE(saved) << describe_error(saved.error());
  EXPECT_EQ(saved->at("slug").as_string(), "flights-by-day");
  EXPECT_EQ(saved->at("version").to_number<int>(), 1);
  const auto kept = parse_document(workspace.dashboards->get_text(workspace.context, "flights-by-day")->yaml);
  ASSERT_TRUE(kept) << describe_error(kept.error());
  EXPECT_GT(kept->meta.provenance.at("dry_run_bytes").to_number<std::int64_t>(), 0);
}

TEST(GenerationTools, AddANumberToASlugThatIsTaken) {
  GenerationWorkspace workspace;
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  ASSERT_TRUE(workspace.call("validate_dashboard_yaml", {{"yaml", trend_yaml()}}));
  std::vector<std::string> slugs;
  for (int i = 0; i < 3; ++i) slugs.emplace_back(workspace.call("save_dashboard_yaml", {{"yaml", trend_yaml()}})->at("slug").as_string());
  EXPECT_THAT(slugs, testing::ElementsAre("flights-by-day", "flights-by-day-2", "flights-by-day-3"));
  const std::string longest(63, 'a');
  ASSERT_TRUE(workspace.call("save_dashboard_yaml", {{"yaml", trend_yaml()}, {"slug", longest}}));
  EXPECT_EQ(workspace.call("save_dashboard_yaml", {{"yaml", trend_yaml()}, {"slug", longest}})->at("slug").as_string(),
            std::string(61, 'a') + "-2");
  EXPECT_EQ(parse_document(workspace.dashboards->get_text(workspace.context, "flights-by-day-3")->yaml)->slug.text, "flights-by-day-3");
  EXPECT_FALSE(workspace.call("save_dashboard_yaml", {{"yaml", trend_yaml()}, {"slug", "../up"}}));
}

}  // namespace
}  // namespace bridge
