#include "features/dashboard_generation/generation_tools.h"

#include <gmock/gmock.h>

#include <fstream>

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
  const auto tables = workspace.call("list_tables", {{"dataset_name", dataset}});
  ASSERT_TRUE(tables) << describe_error(tables.error());
  const std::string text = json::serialize(*tables);
  EXPECT_NE(text.find("\"flights_3m\""), std::string::npos);
  EXPECT_LT(text.size(), OrchestratorLimits{}.tool_result_bytes_max);
}

TEST(GenerationTools, EachSaysInWordsWhatACallDoesWhateverItsArgumentsAre) {
  GenerationWorkspace workspace;
  const ToolRegistry tools = *make_chat_tools(workspace.tool_parts());
  const std::vector<std::string> names = tools.get_tool("none").error().violations.front().allowed;
  ASSERT_THAT(names, testing::IsSupersetOf({"list_tables", "find_values", "show_chart"}));
  for (const std::string& name : names) {
    for (const json::object& arguments :
         {json::object{}, json::object{{"dataset_name", 7}, {"table_name", nullptr}, {"sql", json::array{}}, {"yaml", true}}}) {
      const std::string title = tools.title_of({.name = name, .arguments = arguments});
      EXPECT_TRUE(title.contains(' ') && !title.contains('_')) << name << ": " << title;
    }
  }
  EXPECT_EQ(tools.title_of({.name = "get_table_schema", .arguments = {{"table_name", "flights_3m"}}}), "Reading the columns of flights_3m");
  EXPECT_EQ(tools.title_of({.name = "list_tables", .arguments = {{"dataset", "main"}}}), "Looking at the tables of main");
  EXPECT_EQ(tools.title_of({.name = "made_up_by_a_model"}), "made up by a model");
}

TEST(GenerationTools, SayAgainOfAKeptAnswerWhatItIs) {
  GenerationWorkspace workspace;
  const ToolRegistry tools = *make_chat_tools(workspace.tool_parts());
  using enum ToolOutcomeKind;
  const auto kind_of = [&](std::string name, json::object content, bool ok = true) {
    return tools.outcome_of({.name = std::move(name), .ok = ok, .content = std::move(content)}).kind;
  };
  EXPECT_EQ(kind_of("run_query", {{"rows", json::array{}}}), shown);
  EXPECT_EQ(kind_of("show_chart", {{"rows", json::array{}}}), shown);
  EXPECT_EQ(kind_of("save_dashboard_yaml", {{"slug", "late"}}), saved);
  EXPECT_EQ(kind_of("save_dashboard_yaml", {{"beginning", "{"}}), answer) << "it was cut";
  EXPECT_EQ(kind_of("save_dashboard_yaml", {{"slug", "late"}}, false), answer) << "it was refused";
  EXPECT_EQ(kind_of("list_tables", {}), answer);
  EXPECT_EQ(kind_of("of_an_earlier_build", {}), answer);
}

TEST(GenerationTools, GiveTheNamesOfTheTaskListAndThoseThatTheyHadBefore) {
  GenerationWorkspace workspace;
  const auto datasets = workspace.call("list_datasets", {});
  const json::object& dataset = datasets->at("datasets").at(0).as_object();
  EXPECT_EQ(dataset.at("location").as_string(), "local");
  EXPECT_GT(dataset.at("table_count").to_number<int>(), 0);
  const auto tables = workspace.call("list_tables", {{"dataset_name", dataset.at("name")}});
  const json::object& table = tables->at("tables").at(0).as_object();
  EXPECT_EQ(table.at("type").as_string(), "table");
  EXPECT_NEAR(table.at("size_mb").to_number<double>(), table.at("size_bytes").to_number<double>() / 1e6, 0.001);
  EXPECT_TRUE(table.contains("row_count") && table.contains("sql_name") && table.contains("columns"));
  const auto schema = workspace.call("get_table_schema", {{"table_name", "flights_3m"}});
  EXPECT_EQ(schema->at("table_name").as_string(), "flights_3m");
  EXPECT_EQ(schema->at("table").as_string(), "flights_3m");
  EXPECT_TRUE(schema->at("columns").at(0).as_object().contains("nullable"));
  const auto dry_run = workspace.call("run_dry_run_query", dry_run_of(kTrendSql));
  EXPECT_EQ(dry_run->at("schema"), dry_run->at("columns"));
  EXPECT_EQ(dry_run->at("estimated_cost"), dry_run->at("estimated_cost_usd"));

  EXPECT_EQ(*workspace.call("list_tables", {{"dataset", dataset.at("name")}}), *tables);
  EXPECT_EQ(*workspace.call("get_table_schema", {{"table", "flights_3m"}}), *schema);
  const auto report = workspace.call("validate_dashboard_yaml", {{"yaml", trend_yaml()}});
  ASSERT_TRUE(report) << describe_error(report.error());
  EXPECT_TRUE(report->at("valid").as_bool());
  EXPECT_TRUE(workspace.call("save_dashboard_yaml", {{"yaml", trend_yaml()}}));
  const auto both = workspace.call("get_table_schema", {{"table", "flights_3m"}, {"table_name", "flights_3m"}});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().violations.at(0).got, "table");
}

TEST(GenerationTools, TakeALowerCapAndNeverAHigherOne) {
  GenerationWorkspace workspace;
  workspace.cap_bytes = 50'000'000;
  const auto capped = [&](std::int64_t bytes) {
    return workspace.call("run_dry_run_query", {{"sql", "SELECT * FROM flights_3m"}, {"max_bytes_billed", bytes}});
  };
  const auto lower = capped(1'000);
  ASSERT_TRUE(lower) << describe_error(lower.error());
  EXPECT_EQ(lower->at("error").at("code").as_string(), "byte_cap_exceeded");
  EXPECT_EQ(lower->at("error").at("cap_bytes").to_number<int>(), 1'000);
  EXPECT_FALSE(workspace.ledger.approved_bytes(SessionId("s"), workspace.connection_id, "SELECT * FROM flights_3m"));
  EXPECT_EQ(capped(1'000'000'000'000)->at("cap_bytes").to_number<int>(), 50'000'000);
  workspace.cap_bytes = 1'000;
  EXPECT_EQ(capped(1'000'000'000'000)->at("error").at("cap_bytes").to_number<int>(), 1'000);
  EXPECT_FALSE(capped(0));
}

TEST(GenerationTools, ShowAColumnsTypeAndStatistics) {
  GenerationWorkspace workspace;
  for (const char* name : {"flights_3m", "main.flights_3m"}) {
    const auto schema = workspace.call("get_table_schema", {{"table_name", name}});
    ASSERT_TRUE(schema) << describe_error(schema.error());
    EXPECT_EQ(schema->at("row_count").to_number<std::int64_t>(), 3'000'000);
    EXPECT_EQ(schema->at("dialect").as_string(), "duckdb");
    const json::object& date = schema->at("columns").at(0).as_object();
    EXPECT_TRUE(date.at("statistics").as_object().contains("distinct_count"));
  }
}

TEST(GenerationTools, ShowTheFirstColumnsOfAWideTableNameTheOthersAndShowThoseThatAreAskedFor) {
  GenerationWorkspace workspace;
  constexpr int columns = 600;
  std::string names = "region";
  std::string values = "N";
  for (int i = 0; i < columns; ++i) {
    names += str(",sensor_", i);
    values += str(",", i);
  }
  std::ofstream(workspace.folder + "/data/wide.csv") << names << "\n" << values << "\n" << values << "\n";
  const auto schema = workspace.call("get_table_schema", {{"table", "wide"}});
  ASSERT_TRUE(schema) << describe_error(schema.error());
  EXPECT_EQ(schema->at("column_count").to_number<int>(), columns + 1);
  const std::size_t shown = schema->at("columns").as_array().size();
  EXPECT_LT(shown, 400U);
  EXPECT_EQ(shown + schema->at("other_columns").as_array().size(), columns + 1U);
  EXPECT_EQ(schema->at("other_columns").as_array().back().as_string(), "sensor_599");

  const auto some = workspace.call("get_table_schema", {{"table", "wide"}, {"columns", json::array{"SENSOR_59*", "region"}}});
  ASSERT_TRUE(some) << describe_error(some.error());
  EXPECT_EQ(some->at("columns").as_array().size(), 12U) << "region, 59 and 590 to 599";
  EXPECT_EQ(some->at("columns").as_array().back().at("name").as_string(), "sensor_599");
  const auto none = workspace.call("get_table_schema", {{"table", "wide"}, {"columns", json::array{"sensor_6000"}}});
  ASSERT_FALSE(none);
  EXPECT_EQ(reason_of(none.error()), "unknown_column");
}

TEST(GenerationTools, SayHowToReadNumbersThatAreWrittenAsText) {
  GenerationWorkspace workspace;
  std::ofstream(workspace.folder + "/data/deals.csv") << "region,revenue\nEast,\"$1,200.50\"\nWest,NA\nWest,-$80.00\n";
  const auto schema = workspace.call("get_table_schema", {{"table", "deals"}});
  ASSERT_TRUE(schema) << describe_error(schema.error());
  const json::object& statistics = schema->at("columns").at(1).at("statistics").as_object();
  EXPECT_EQ(statistics.at("read_as").as_string(), "number");
  EXPECT_EQ(statistics.at("read_unit").as_string(), "$");
  EXPECT_EQ(statistics.at("unread_count").to_number<int>(), 1);
  EXPECT_EQ(statistics.at("max").as_string(), "1200.50");
}

TEST(GenerationTools, NameTheNearestTableWhenThereIsNoneOfThatName) {
  GenerationWorkspace workspace;
  const auto schema = workspace.call("get_table_schema", {{"table_name", "flight_3m"}});
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
  EXPECT_EQ(dry_run->at("bytes_accuracy").as_string(), "upper_bound");
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
  EXPECT_EQ(error.at("bytes_accuracy").as_string(), "upper_bound");
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
  const auto untried = workspace.call("validate_dashboard_yaml", {{"yaml_content", trend_yaml()}});
  ASSERT_TRUE(untried) << describe_error(untried.error());
  EXPECT_FALSE(untried->at("valid").as_bool());
  EXPECT_EQ(first_code(*untried), "dry_run_missing");
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  const auto tried = workspace.call("validate_dashboard_yaml", {{"yaml_content", trend_yaml()}});
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
        {"run_dry_run_query", {{"sql", "SELECT 1"}}}, {"validate_dashboard_yaml", {{"yaml_content", trend_yaml()}}}, {"list_datasets", {}}};
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
  const auto repeated = workspace.call("validate_dashboard_yaml", {{"yaml_content", trend_yaml(kTrendSql, ", color: day")}});
  ASSERT_TRUE(repeated);
  EXPECT_EQ(first_code(*repeated), "color_without_meaning");
  std::string painted = trend_yaml();
  painted =
      replace_all(painted, "[{chart: trend, w: 12}]", "[{chart: trend, w: 8}, {text: \"<span style='color:red'>Late!</span>\", w: 4}]");
  const auto text = workspace.call("validate_dashboard_yaml", {{"yaml_content", painted}});
  ASSERT_TRUE(text);
  EXPECT_EQ(first_code(*text), "color_without_meaning");
}

TEST(GenerationTools, RefuseLinksAndImagesInWhatAModelWrote) {
  GenerationWorkspace workspace;
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  for (const char* text : {"![x](https://evil.example/a.png)", "[see](//evil.example)", "<img src=x>", "Go to https://evil.example"}) {
    const std::string layout = str("[{chart: trend, w: 8}, {text: ", json::serialize(json::string(text)), ", w: 4}]");
    const auto report =
        workspace.call("validate_dashboard_yaml", {{"yaml_content", replace_all(trend_yaml(), "[{chart: trend, w: 12}]", layout)}});
    ASSERT_TRUE(report);
    EXPECT_EQ(first_code(*report), "link_not_allowed") << text;
  }
}

TEST(GenerationTools, RefuseADocumentAboutAnotherConnection) {
  GenerationWorkspace workspace;
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  const auto report =
      workspace.call("validate_dashboard_yaml", {{"yaml_content", replace_all(trend_yaml(), "connection: demo", "connection: other")}});
  ASSERT_TRUE(report);
  EXPECT_EQ(first_code(*report), "unknown_connection");
}

TEST(GenerationTools, SaveOnlyTheExactTextThatValidated) {
  GenerationWorkspace workspace;
  const std::string yaml = trend_yaml();
  const auto early = workspace.call("save_dashboard_yaml", {{"yaml_content", yaml}});
  ASSERT_FALSE(early);
  EXPECT_EQ(reason_of(early.error()), "not_validated");
  ASSERT_TRUE(workspace.call("run_dry_run_query", dry_run_of(kTrendSql)));
  ASSERT_TRUE(workspace.call("validate_dashboard_yaml", {{"yaml_content", yaml}}));
  EXPECT_FALSE(workspace.call("save_dashboard_yaml", {{"yaml_content", yaml + "# changed\n"}}));
  const auto saved = workspace.call("save_dashboard_yaml", {{"yaml_content", yaml}});
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
  ASSERT_TRUE(workspace.call("validate_dashboard_yaml", {{"yaml_content", trend_yaml()}}));
  std::vector<std::string> slugs;
  for (int i = 0; i < 3; ++i)
    slugs.emplace_back(workspace.call("save_dashboard_yaml", {{"yaml_content", trend_yaml()}})->at("slug").as_string());
  EXPECT_THAT(slugs, testing::ElementsAre("flights-by-day", "flights-by-day-2", "flights-by-day-3"));
  const std::string longest(63, 'a');
  ASSERT_TRUE(workspace.call("save_dashboard_yaml", {{"yaml_content", trend_yaml()}, {"slug", longest}}));
  EXPECT_EQ(workspace.call("save_dashboard_yaml", {{"yaml_content", trend_yaml()}, {"slug", longest}})->at("slug").as_string(),
            std::string(61, 'a') + "-2");
  EXPECT_EQ(parse_document(workspace.dashboards->get_text(workspace.context, "flights-by-day-3")->yaml)->slug.text, "flights-by-day-3");
  EXPECT_FALSE(workspace.call("save_dashboard_yaml", {{"yaml_content", trend_yaml()}, {"slug", "../up"}}));
}

}  // namespace
}  // namespace bridge
