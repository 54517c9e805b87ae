#include "features/rules/rules_provider.h"

#include <gmock/gmock.h>

#include "features/rules/testing/tool_bench.h"

namespace bridge {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(RulesProvider, IsAProviderLikeAnyOther) {
  const auto provider = make_rules_provider();
  EXPECT_EQ(provider->name(), "rules");
  EXPECT_EQ(provider->default_model(), "rules-1");
  EXPECT_FALSE(provider->capabilities("rules-1").needs_network);
}

TEST(RulesProvider, GoesTheWholeWayFromASentenceToASavedDashboard) {
  ToolBench bench;
  bench.run("Which airports have the longest delays, and when?");
  std::vector<std::string> names;
  for (const ToolCall& call : bench.calls) {
    if (names.empty() || names.back() != call.name) names.push_back(call.name);
  }
  EXPECT_EQ(join(names, " "), "list_datasets list_tables get_table_schema run_dry_run_query validate_dashboard_yaml save_dashboard_yaml");
  EXPECT_TRUE(bench.wrote("connection: demo\n"));
  EXPECT_THAT(bench.text, HasSubstr("is ready as saved"));
  // The document has exactly the texts that were tried.
  for (const std::string& sql : bench.sqls) EXPECT_TRUE(bench.wrote(str("      ", replace_all(sql, "\n", "\n      ")))) << sql;
}

TEST(RulesProvider, StreamsWellFormedParts) {
  const auto provider = make_rules_provider();
  const std::vector<Message> messages{{.role = MessageRole::user, .text = "flights"}};
  std::vector<std::string> parts;
  std::string fragments;
  ASSERT_TRUE(provider->stream_completion({}, {.model = "rules-1", .messages = &messages}, [&](const StreamPart& part) -> Result<> {
    if (std::holds_alternative<TextDelta>(part) && (parts.empty() || parts.back() != "text")) parts.push_back("text");
    if (std::holds_alternative<ToolCallStart>(part)) parts.push_back("start");
    if (const auto* delta = std::get_if<ToolCallDelta>(&part)) fragments += delta->arguments_fragment;
    if (std::holds_alternative<ToolCallEnd>(part)) parts.push_back("end");
    if (const auto* finish = std::get_if<Finish>(&part)) parts.push_back(finish->reason == FinishReason::tool_calls ? "finish" : "stop");
    return {};
  }));
  EXPECT_EQ(join(parts, " "), "text start end finish");
  EXPECT_EQ(fragments, "{}");
}

TEST(RulesProvider, StopsWhenNobodyListens) {
  const std::vector<Message> messages{{.role = MessageRole::user, .text = "flights"}};
  const auto result = make_rules_provider()->stream_completion(
      {}, {.messages = &messages}, [](const StreamPart&) -> Result<> { return fail(ErrorCode::cancelled, "gone"); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
}

// ---- conversations ---------------------------------------------------------------------------------------------------

TEST(RulesProvider, ASecondMessageIsAboutTheSameConnection) {
  ToolBench bench;
  bench.run("average delay by origin");
  bench.run("movies by genre");
  EXPECT_TRUE(bench.wrote("connection: demo\n"));
  EXPECT_TRUE(bench.sql_with("FROM movies"));
}

TEST(RulesProvider, NoExampleInAPromptIsTakenForTheConnection) {
  const auto provider = make_rules_provider();
  const std::vector<PromptText> blocks{{.content = "connection: flights   # the name of the connection"}};
  ToolBench bench;
  bench.prompt_blocks = &blocks;
  bench.run("average delay by origin");
  bench.run("movies by genre");
  EXPECT_FALSE(bench.wrote("the name of the connection"));
  EXPECT_TRUE(bench.wrote("connection: demo\n"));
}

TEST(RulesProvider, AMessageThatGoesOnIsReadWithTheOneBefore) {
  ToolBench bench{.tables = {"flights"}};
  bench.run("average delay by origin");
  bench.sqls.clear();
  bench.run("and by destination");
  EXPECT_TRUE(bench.sql_with("avg(delay)"));
  EXPECT_TRUE(bench.sql_with("SELECT destination"));
  const std::string& opening = bench.messages[bench.messages.size() - 1].text;
  EXPECT_FALSE(opening.empty());
}

TEST(RulesProvider, ALineBreakInAMessageEndsNothing) {
  ToolBench bench{.tables = {"flights"}};
  bench.run("average delay\n\nby origin");
  EXPECT_TRUE(bench.sql_with("SELECT origin, avg(delay)"));
}

TEST(RulesProvider, TheByteCapIsBlamedOnlyWhenItWasTheCap) {
  ToolBench bench{.tables = {"flights"}};
  bench.refuse = [](const ToolCall& call) -> std::optional<json::object> {
    if (call.name != "run_dry_run_query") return {};
    return json::object{{"code", "sql_invalid"}, {"message", "No function matches"}};
  };
  bench.run("average delay by origin", 60);
  EXPECT_THAT(bench.text, Not(HasSubstr("byte cap")));
  EXPECT_THAT(bench.text, HasSubstr("No function matches"));
}

TEST(RulesProvider, ARankingByAverageSaysWhichGroupsHaveNoPlaceAndIsNeverEmpty) {
  ToolBench bench{.tables = {"flights"}};
  bench.run("airports with the longest delays");
  const auto ranking = bench.sql_with("HAVING count(*) >= (\n    SELECT count(*) / ");
  ASSERT_TRUE(ranking);
  EXPECT_TRUE(bench.wrote("have no place in the ranking"));
  bench.sqls.clear();
  bench.run("average delay by origin");
  EXPECT_FALSE(bench.sql_with("HAVING"));  // nobody asked for a ranking
}

// ---- the sentences of the demo -------------------------------------------------------------------------------------

TEST(RulesProvider, RanksAirportsByDelayBothWaysAndShowsWhen) {
  ToolBench bench;
  bench.run("Which airports have the longest delays, and when?");
  for (const char* title :
       {"Average delay by origin airport", "Average delay by destination airport", "by day of the week and hour", "Average delay by week"})
    EXPECT_TRUE(bench.wrote(title)) << title;
  const auto ranking = bench.sql_with("SELECT origin, avg(delay) AS average_delay");
  ASSERT_TRUE(ranking);
  // A handful of flights is no ranking, and the order is the same every time.
  EXPECT_THAT(*ranking, HasSubstr("HAVING count(*) >= (\n    SELECT count(*) / "));
  EXPECT_THAT(*ranking, HasSubstr("ORDER BY 2 DESC NULLS LAST, 1"));
  EXPECT_THAT(*ranking, HasSubstr("filter(:period, \"date\")"));
  EXPECT_THAT(*ranking, HasSubstr("filter(:origin, origin)"));
  // Open: the rows of tomorrow show too.
  EXPECT_TRUE(bench.wrote("label: Period, default: all"));
  EXPECT_TRUE(bench.wrote("on_click: {set: {origin: $x}}"));
  EXPECT_TRUE(bench.wrote("good: down"));
  EXPECT_FALSE(bench.wrote("sum(delay)"));
  EXPECT_FALSE(bench.wrote("previous_period"));  // there is no data before
}

TEST(RulesProvider, GivesAverageOfRowsAsAKpiAndNotOfDays) {
  ToolBench bench;
  bench.run("how did our flights go this year?");
  const auto totals = bench.sql_with("SELECT count(*) AS flights");
  ASSERT_TRUE(totals);
  EXPECT_THAT(*totals, HasSubstr("avg(delay) AS average_delay"));
  EXPECT_THAT(*totals, Not(HasSubstr("GROUP BY")));
  // Weeks that are not whole can stand beside whole ones.
  EXPECT_TRUE(bench.wrote("Flights per day by week"));
  EXPECT_THAT(bench.text, HasSubstr("1 January 2001 to 30 June 2001"));
}

TEST(RulesProvider, ShowsTheBusiestRoutesByMonth) {
  ToolBench bench;
  bench.run("busiest routes by month");
  const auto routes = bench.sql_with("GROUP BY origin, destination");
  ASSERT_TRUE(routes);
  EXPECT_THAT(*routes, HasSubstr("origin || ' – ' || destination AS route"));
  EXPECT_TRUE(bench.sql_with("date_trunc('month', \"date\")"));
  EXPECT_TRUE(bench.wrote("mark: heatmap"));
}

TEST(RulesProvider, PutsAQuantityIntoBands) {
  ToolBench bench;
  bench.run("average delay by distance");
  const auto bands = bench.sql_with("floor(distance / 250) * 250 AS distance_from");
  ASSERT_TRUE(bands);
  EXPECT_THAT(*bands, HasSubstr("avg(delay)"));
  EXPECT_THAT(*bands, HasSubstr("ORDER BY 1"));
  EXPECT_TRUE(bench.wrote("mark: scatter"));
}

// ---- what people type ----------------------------------------------------------------------------------------------

TEST(RulesProvider, WritesTitlesFromTheQueriesAndKeepsTheQuestionApart) {
  ToolBench bench;
  bench.run("Show me which airports have the longest delays, and when?");
  EXPECT_TRUE(bench.wrote("\ntitle: \"Average delay by origin airport, the 15 highest\""));
  EXPECT_TRUE(bench.wrote("description: \"Asked: \\\"Show me which airports have the longest delays, and when?\\\".\""));
}

TEST(RulesProvider, ClaimsNothingInATitleThatItsQueryDoesNotDo) {
  for (const auto& [sentence, claim] : {std::pair{"forecast of flights by month", "orecast"},
                                        {"running total of the average delay by month", "unning total"},
                                        {"5 largest countries", "argest"}}) {
    ToolBench bench;
    bench.run(sentence);
    for (const std::string& line : split(bench.yaml, '\n')) {
      EXPECT_FALSE(line.find("title:") != std::string::npos && line.find(claim) != std::string::npos) << line;
    }
  }
}

TEST(RulesProvider, PutsFiltersAndThePeriodIntoTheTitle) {
  ToolBench bench;
  bench.run("average delay for flights longer than 1000 miles from ATL in May 2001");
  EXPECT_TRUE(bench.wrote(": ATL, distance over 1,000, May 2001\"")) << bench.yaml.substr(0, 300);
  // What the reader may change stands in the title of no chart.
  EXPECT_TRUE(bench.wrote("title: \"Average delay by day: distance over 1,000\""));
}

TEST(RulesProvider, TakesNoTitleFromWordsThatItDidNotUnderstand) {
  ToolBench bench;
  bench.run("richest countries");
  EXPECT_TRUE(bench.wrote("title: \"Average life expectancy by country, latest year, the 15 highest\""));
  EXPECT_TRUE(bench.wrote("Nothing in the data is called"));
}

TEST(RulesProvider, ReadsCapitalsThroughoutAsWordsAndNotAsCodes) {
  ToolBench bench;
  bench.run("SHOW ME THE BUSIEST ROUTES BY MONTH");
  EXPECT_TRUE(bench.sql_with("GROUP BY origin, destination"));
  EXPECT_FALSE(bench.wrote("THE]"));
}

TEST(RulesProvider, MendsSlipsOfTheKeysWhenNothingElseFits) {
  ToolBench bench;
  bench.run("wich airprots have the longst dealys");
  EXPECT_TRUE(bench.sql_with("SELECT origin, avg(delay) AS average_delay"));
  EXPECT_TRUE(bench.wrote("The question was read as: wich airports have the longest delays."));
}

TEST(RulesProvider, ShowsThePartOfTimeThatIsAskedForFirst) {
  ToolBench bench;
  bench.run("rainiest months in Seattle");
  EXPECT_LT(bench.yaml.find("{chart: by_month_of_year"), bench.yaml.find("{chart: trend"));
  EXPECT_TRUE(bench.wrote("unit: mm"));
  ToolBench late;
  late.run("share of late flights by hour");
  EXPECT_LT(late.yaml.find("{chart: by_hour"), late.yaml.find("{chart: by_weekday_and_hour"));
}

TEST(RulesProvider, FindsTheTableByWhatIsMeasuredAndNotByTheWordYear) {
  ToolBench bench;
  bench.run("temperature range over the year");
  EXPECT_TRUE(bench.sql_with("avg(temp_min)"));
  EXPECT_TRUE(bench.wrote("Average max temperature and average min temperature by month of the year"));
  EXPECT_TRUE(bench.wrote("°C"));
}

TEST(RulesProvider, ListsTheThingsThatAreRankedFirst) {
  for (const auto& [sentence, sql] : {std::pair{"longest movies", "\"Running Time min\" AS running_time"},
                                      {"most expensive bird strikes", "\"Cost Total $\" AS cost_total"}}) {
    ToolBench bench;
    bench.run(sentence);
    EXPECT_TRUE(bench.sql_with(sql)) << sentence;
    EXPECT_LT(bench.yaml.find("{chart: top_rows"), bench.yaml.find("{chart: trend")) << sentence;
  }
}

TEST(RulesProvider, GivesANumberToTheQuantityWhoseUnitFollowsIt) {
  ToolBench bench;
  bench.run("average delay for flights longer than 1000 miles");
  EXPECT_TRUE(bench.sql_with("distance > 1000"));
  EXPECT_FALSE(bench.sql_with("delay > 1000"));
}

TEST(RulesProvider, CountsDaysOfOneKind) {
  ToolBench bench;
  bench.run("snow days in New York");
  EXPECT_TRUE(bench.sql_with("count(*) AS days"));
}

TEST(RulesProvider, MeasuresTheShareOfAValueThatOutnumbers) {
  ToolBench bench;
  bench.run("jobs where women outnumber men");
  EXPECT_TRUE(bench.sql_with("sum(CASE WHEN sex = 'women' THEN count END) / nullif(sum(count), 0) AS share_of_women"));
  EXPECT_TRUE(bench.sql_with("HAVING sum(CASE WHEN sex = 'women'"));
  ToolBench share;
  share.run("share of women by job over time");
  EXPECT_FALSE(share.wrote("default: [women]"));
  EXPECT_TRUE(share.sql_with("ORDER BY sum(count) DESC"));
}

TEST(RulesProvider, DrawsNoLineOfOneYear) {
  ToolBench bench;
  bench.run("most common jobs in 1900");
  EXPECT_FALSE(bench.wrote("  trend:"));
  EXPECT_TRUE(bench.wrote("Count by job, 1900"));
}

TEST(RulesProvider, KnowsWhatPeopleCallACode) {
  ToolBench bench;
  bench.run("google stock vs amazon since 2008");
  EXPECT_TRUE(bench.wrote("default: [GOOG, AMZN]"));
}

TEST(RulesProvider, CountsThingsOnceEach) {
  ToolBench bench;
  bench.run("how many directors per genre");
  EXPECT_TRUE(bench.sql_with("count(DISTINCT \"Director\")"));
}

TEST(RulesProvider, AddsNoUnaskedQuantityBesideAnAskedBreakdown) {
  ToolBench bench;
  bench.run("bird strikes by phase of flight and time of day");
  EXPECT_FALSE(bench.wrote("trend_2"));
}

TEST(RulesProvider, JudgesBestAndWorstByWhatIsGoodOrBad) {
  ToolBench bench;
  bench.run("what day of the week is best to fly");
  EXPECT_TRUE(bench.sql_with("dayname(\"date\") AS weekday, avg(delay) AS average_delay"));
  ToolBench worst;
  worst.run("worst airlines");
  EXPECT_TRUE(worst.wrote("Total cost by aircraft airline operator"));
  EXPECT_FALSE(worst.wrote("sort: y"));
}

TEST(RulesProvider, RanksByTheQuantityThatAWordOfTextStandsFor) {
  ToolBench bench;
  bench.run("which bird species cause the most damage");
  EXPECT_TRUE(bench.wrote("Total cost by wildlife species"));
}

TEST(RulesProvider, TakesSeasonsAndYearsAsTheyAreSaid) {
  ToolBench bench;
  bench.run("temperature in Seattle in summer");
  EXPECT_TRUE(bench.sql_with("month(\"date\") IN (6, 7, 8)"));
  ToolBench year;
  year.run("movies from 1999");
  EXPECT_TRUE(year.wrote("default: \"1999-01-01..1999-12-31\""));
}

TEST(RulesProvider, ListsTheDaysThatAreRanked) {
  ToolBench bench;
  bench.run("hottest day");
  EXPECT_TRUE(bench.sql_with("SELECT CAST(\"date\" AS DATE) AS on_day"));
  EXPECT_TRUE(bench.wrote("Days by max temperature, the highest first"));
}

TEST(RulesProvider, ShowsNoHighestOfWords) {
  ToolBench bench;
  bench.run("how many directors per genre");
  EXPECT_FALSE(bench.sql_with("max(\"Director\")"));
  EXPECT_FALSE(bench.sql_with("max(Director)"));
}

TEST(RulesProvider, DrawsEachPriceByItself) {
  ToolBench bench;
  bench.run("stocks");
  EXPECT_TRUE(bench.wrote("title: Average price by month and symbol"));
  ToolBench spread;
  spread.run("volatility of stocks");
  EXPECT_TRUE(spread.sql_with("stddev_samp(price)"));
}

// ---- the other tables ----------------------------------------------------------------------------------------------

TEST(RulesProvider, ComparesTwoPlacesSideBySide) {
  ToolBench bench;
  bench.tables.push_back("seattle_weather");
  bench.run("how rainy is Seattle compared to New York by month");
  EXPECT_TRUE(bench.sql_with("FROM weather\n"));
  EXPECT_FALSE(bench.sql_with("FROM seattle_weather"));
  for (const char* part :
       {"Seattle: total precipitation", "New York: total precipitation", "color: location", "Average precipitation by month of the year"})
    EXPECT_TRUE(bench.wrote(part)) << part;
}

TEST(RulesProvider, AddsUpCostsAndCountsWhatCausesThem) {
  ToolBench bench;
  bench.run("what do bird strikes cost and which species cause them");
  EXPECT_TRUE(bench.sql_with("sum(\"Cost Total $\") AS total_cost"));
  EXPECT_TRUE(bench.sql_with("\"Wildlife Species\" AS wildlife_species, count(*) AS birdstrikes"));
  EXPECT_TRUE(bench.wrote("unit: \"$\""));
  EXPECT_TRUE(bench.wrote("label: Period, default: all"));
}

TEST(RulesProvider, AnswersBothHalvesOfASentence) {
  ToolBench bench;
  bench.run("which genres earn the most worldwide and how do they rate");
  EXPECT_TRUE(bench.sql_with("sum(\"Worldwide Gross\")"));
  EXPECT_TRUE(bench.sql_with("avg(\"IMDB Rating\")"));
  EXPECT_FALSE(bench.sql_with("sum(\"IMDB Rating\")"));
  EXPECT_TRUE(bench.sql_with("\"Major Genre\" IS NOT NULL"));
  EXPECT_TRUE(bench.sql_with("filter(:period, try_strptime(\"Release Date\", '%b %d %Y'))"));
  EXPECT_TRUE(bench.wrote("label: Period, default: all"));  // the range of text is not known
  EXPECT_THAT(bench.text, HasSubstr("IMDB rating is not known for 7 %"));
}

TEST(RulesProvider, SplitsByTwoDimensionsAndLeavesOutWhatStandsForUnknown) {
  ToolBench bench;
  bench.run("body mass by species and sex");
  const auto split = bench.sql_with("SELECT \"Species\" AS species, \"Sex\" AS sex, avg(\"Body Mass (g)\") AS average_body_mass");
  ASSERT_TRUE(split);
  EXPECT_THAT(*split, HasSubstr("\"Sex\" <> '.'"));
  EXPECT_TRUE(bench.wrote("mark: grouped_bar"));
  EXPECT_TRUE(bench.wrote("unit: g"));
  EXPECT_FALSE(bench.wrote("period:"));  // there is no time
}

TEST(RulesProvider, TakesTheLatestYearOfASnapshotAndNeverAddsUpYears) {
  ToolBench bench;
  bench.run("men and women in each job over time");
  EXPECT_TRUE(bench.sql_with("\"year\" = (SELECT max(\"year\") FROM jobs WHERE filter(:period"));
  EXPECT_TRUE(bench.sql_with("\"year\" AS year_value"));
  EXPECT_TRUE(bench.wrote("stack: normalize"));
}

TEST(RulesProvider, SetsTwoQuantitiesAgainstEachOther) {
  ToolBench bench;
  bench.run("life expectancy vs fertility");
  const auto points = bench.sql_with("SELECT country, CAST(cluster AS VARCHAR) AS cluster, fertility, life_expect, pop");
  ASSERT_TRUE(points);
  EXPECT_THAT(*points, HasSubstr("LIMIT 4000"));
  EXPECT_TRUE(bench.wrote("x: fertility\n    y: life_expect\n"));
}

TEST(RulesProvider, DrawsOnePriceLineForEachStock) {
  ToolBench bench;
  bench.run("compare stock prices over time");
  const auto trend = bench.sql_with("CAST(date_trunc('month', try_strptime(\"date\", '%b %d %Y')) AS DATE) AS month_start");
  ASSERT_TRUE(trend);
  EXPECT_THAT(*trend, HasSubstr("avg(price) AS average_price"));
  EXPECT_FALSE(bench.sql_with("sum(price)"));
  EXPECT_TRUE(bench.wrote("color: symbol"));
}

TEST(RulesProvider, TurnsNamedValuesIntoParametersAndTimesIntoThePeriod) {
  ToolBench bench;
  bench.run("flights from ATL to LAX in May 2001");
  EXPECT_TRUE(bench.wrote("default: \"2001-05-01..2001-05-31\""));
  EXPECT_TRUE(bench.wrote("values_from: origin_values.name, default: [ATL]"));
  EXPECT_TRUE(bench.wrote("values_from: destination_values.name, default: [LAX]"));
  EXPECT_TRUE(bench.wrote("compare: previous_period"));
}

TEST(RulesProvider, ToleratesSlipsOfTheKeys) {
  ToolBench bench;
  bench.run("fligths by orgin");
  EXPECT_TRUE(bench.sql_with("SELECT origin, count(*) AS flights"));
}

TEST(RulesProvider, SaysSoWhenTheTimeAskedForHasNoData) {
  ToolBench bench;
  bench.run("average delay in 2019");
  EXPECT_TRUE(bench.wrote("label: Period, default: all"));
  EXPECT_THAT(bench.text, HasSubstr("There is no data for the time that was asked for"));
}

// ---- what does not fit ---------------------------------------------------------------------------------------------

TEST(RulesProvider, SavesNothingWhenNoTableFits) {
  for (const char* sentence :
       {"how many unicorns are in the office", "sales by region", "SELECT * FROM users; DROP TABLE users", "🦄🦄🦄", "???", "  "}) {
    ToolBench bench;
    bench.run(sentence);
    EXPECT_THAT(bench.text, StartsWith("I could not match")) << sentence;
    EXPECT_EQ(bench.count("save_dashboard_yaml"), 0) << sentence;
  }
  ToolBench bench;
  bench.run("how many unicorns are in the office");
  EXPECT_THAT(bench.text, HasSubstr("birdstrikes"));
}

TEST(RulesProvider, GivesAnOverviewOfTheOnlyOrTheDominantTable) {
  ToolBench one;
  one.tables = {"penguins"};
  one.run("what's in here?");
  EXPECT_TRUE(one.wrote("title: Penguins at a glance"));
  ToolBench dominant;
  dominant.run("show me an overview");
  EXPECT_TRUE(dominant.wrote("title: Flights at a glance"));
  ToolBench equal;
  equal.tables = {"birdstrikes", "jobs"};
  equal.run("show me an overview");
  EXPECT_THAT(equal.text, StartsWith("I could not match"));
}

TEST(RulesProvider, SaysWhatItFoundNothingFor) {
  ToolBench bench;
  bench.run("average delay by carrier");
  EXPECT_FALSE(bench.yaml.empty());
  EXPECT_THAT(bench.text, HasSubstr("Nothing in the data is called \"carrier\""));
}

// ---- refusals ------------------------------------------------------------------------------------------------------

json::object over_cap(double bytes) {
  return {{"code", "byte_cap_exceeded"},
          {"message", "over the cap"},
          {"bytes_scanned", bytes},
          {"cap_bytes", 100e6},
          {"help", "a shorter period"}};
}

TEST(RulesProvider, ShortensThePeriodWhenAQueryIsOverTheCap) {
  ToolBench bench;
  bench.refuse = [](const ToolCall& call) -> std::optional<json::object> {
    if (call.name != "run_dry_run_query") return {};
    const std::string period(call.arguments.at("params").at("period").at("default").as_string());
    return period == "all" ? std::optional(over_cap(200e6)) : std::nullopt;
  };
  bench.run("average delay by origin");
  EXPECT_TRUE(bench.wrote("default: \"2001-04-29..2001-06-30\""));
  EXPECT_THAT(bench.text, HasSubstr("newest part of the data"));
}

TEST(RulesProvider, LeavesOutTheQueryThatStaysOverTheCap) {
  ToolBench bench;
  bench.refuse = [](const ToolCall& call) -> std::optional<json::object> {
    if (call.name != "run_dry_run_query") return {};
    const std::string sql(call.arguments.at("sql").as_string());
    return sql.find("hour(") != std::string::npos ? std::optional(over_cap(5e9)) : std::nullopt;
  };
  bench.run("Which airports have the longest delays, and when?");
  EXPECT_FALSE(bench.yaml.empty());
  EXPECT_FALSE(bench.wrote("hour("));
  EXPECT_TRUE(bench.wrote("by_origin"));
}

TEST(RulesProvider, SavesNothingWhenEverythingIsOverTheCap) {
  ToolBench bench;
  bench.refuse = [](const ToolCall& call) { return call.name == "run_dry_run_query" ? std::optional(over_cap(5e9)) : std::nullopt; };
  bench.run("average delay by origin");
  EXPECT_THAT(bench.text, HasSubstr("nothing was saved"));
  EXPECT_EQ(bench.count("validate_dashboard_yaml"), 0);
}

TEST(RulesProvider, LeavesOutTheChartThatDoesNotValidate) {
  ToolBench bench;
  bench.refuse = [](const ToolCall& call) -> std::optional<json::object> {
    if (call.name != "validate_dashboard_yaml" || call.arguments.at("yaml").as_string().find("  trend:\n    query") == json::string::npos)
      return {};
    return json::object{{"code", "invalid"},
                        {"message", "1 problem"},
                        {"errors", json::array{json::object{{"path", "charts.trend.y"}, {"message", "no such column"}}}}};
  };
  bench.run("average delay by origin");
  EXPECT_EQ(bench.count("validate_dashboard_yaml"), 2);
  EXPECT_FALSE(bench.wrote("trend"));
  EXPECT_EQ(bench.count("save_dashboard_yaml"), 1);
}

TEST(RulesProvider, TakesTheNextSlugWhenOneIsTaken) {
  ToolBench bench;
  bench.refuse = [](const ToolCall& call) -> std::optional<json::object> {
    if (call.name != "save_dashboard_yaml" || call.arguments.at("yaml").as_string().find("-2\n") != json::string::npos) return {};
    return json::object{{"code", "slug_conflict"}, {"message", "taken"}};
  };
  bench.run("average delay by origin");
  EXPECT_TRUE(bench.wrote("slug: average-delay-by-origin-the-15-highest-2\n"));
}

TEST(RulesProvider, StopsWithWhatWentWrongWhenAToolFails) {
  ToolBench bench;
  bench.refuse = [](const ToolCall& call) {
    return call.name == "list_datasets"
               ? std::optional(json::object{{"code", "unavailable"}, {"message", "The warehouse cannot be reached"}})
               : std::nullopt;
  };
  bench.run("flights");
  EXPECT_THAT(bench.text, HasSubstr("The warehouse cannot be reached"));
}

// ---- bad input -----------------------------------------------------------------------------------------------------

TEST(RulesProvider, SurvivesAnySentence) {
  std::string every_byte;
  for (int c = 1; c < 256; ++c) every_byte += static_cast<char>(c);
  std::string words;
  while (words.size() < 2'000) words += "delay by origin over 10 and between 3 and 2001-02-31 last 99999 months ";
  for (const std::string& sentence :
       {words, every_byte, std::string(2'000, '"'), std::string(1'000, '\''), std::string("delay > 1e308 or delay < -1e308"),
        std::string("flights in February 30 2001 top 0 top 101"), std::string("delays by \"'; DROP TABLE flights; --\"")}) {
    ToolBench bench;
    bench.run(sentence);
    EXPECT_FALSE(bench.text.empty());
    EXPECT_FALSE(bench.sql_with("DROP TABLE"));
  }
}

// Five hundred columns with names and values that are meant to break out of SQL and of YAML.
TEST(RulesProvider, QuotesWhateverATableHolds) {
  ToolBench bench;
  bench.tables = {"penguins"};
  json::array columns;
  for (int i = 0; i < 500; ++i) {
    const std::string name = str("we\"ird\n- x: [", i, "] #'");
    columns.push_back(json::object{
        {"name", name},
        {"type", i % 2 ? "integer" : "text"},
        {"statistics", json::object{{"distinct_count", i % 2 ? 5'000 : 7},
                                    {"null_fraction", 0.1},
                                    {"min", "0"},
                                    {"max", "9000"},
                                    {"average", 12.5},
                                    {"top_values", json::array{json::object{{"value", "a'b\"c: {\n\t\x01"}, {"count", 3}}}}}}});
  }
  const json::object hostile{{"table", "t\"x"}, {"sql_name", "\"t\"\"x\""}, {"row_count", 100'000}, {"columns", columns}};
  const auto provider = make_rules_provider();
  std::vector<Message> messages{{.role = MessageRole::user, .text = str("overview", kContextMark, "Connection: demo")}};
  for (const auto& [name, arguments, content] : std::vector<std::tuple<std::string, json::object, json::object>>{
           {"list_datasets", {}, {{"datasets", json::array{json::object{{"name", "main"}}}}}},
           {"list_tables",
            {{"dataset", "main"}},
            {{"tables",
              json::array{json::object{{"dataset", "main"}, {"name", "t\"x"}, {"sql_name", "\"t\"\"x\""}, {"row_count", 100'000}}}}}},
           {"get_table_schema", {{"table", "\"t\"\"x\""}}, hostile}}) {
    messages.push_back({.role = MessageRole::assistant, .tool_calls = {{.id = name, .name = name, .arguments = arguments}}});
    messages.push_back({.role = MessageRole::tool, .tool_results = {{.call_id = name, .name = name, .content = content}}});
  }
  std::vector<std::string> sqls;
  ASSERT_TRUE(provider->stream_completion({}, {.messages = &messages}, [&](const StreamPart& part) -> Result<> {
    if (const auto* end = std::get_if<ToolCallEnd>(&part)) sqls.emplace_back(end->call.arguments.at("sql").as_string());
    return {};
  }));
  ASSERT_FALSE(sqls.empty());
  for (const std::string& sql : sqls) {
    EXPECT_EQ(std::count(sql.begin(), sql.end(), '"') % 2, 0) << sql;
    EXPECT_THAT(sql, HasSubstr("FROM \"t\"\"x\""));
  }
}

TEST(RulesProvider, ReadsIncompleteToolAnswers) {
  for (const json::object& content :
       {json::object{}, json::object{{"datasets", 3}}, json::object{{"datasets", json::array{1, nullptr, json::object{{"name", 5}}}}}}) {
    const std::vector<Message> messages{
        {.role = MessageRole::user, .text = "flights"},
        {.role = MessageRole::assistant, .tool_calls = {{.id = "a", .name = "list_datasets"}}},
        {.role = MessageRole::tool, .tool_results = {{.call_id = "a", .name = "list_datasets", .content = content}}}};
    EXPECT_TRUE(make_rules_provider()->stream_completion({}, {.messages = &messages}, [](const StreamPart&) -> Result<> { return {}; }));
  }
}

// ---- the first reading leads -----------------------------------------------------------------------------------------

TEST(RulesProvider, LeadsWithTheChartThatIsNamed) {
  for (const auto& [sentence, mark] : {std::pair{"pie chart of bird strikes by origin state", "mark: donut"},
                                       std::pair{"line chart of bird strikes by wildlife size", "mark: line"},
                                       std::pair{"heat map of sex and island of penguins", "mark: heatmap"},
                                       std::pair{"box plot of beak depth for each island", "mark: box"},
                                       std::pair{"a scatter plot of beak length and beak depth", "mark: scatter"}}) {
    ToolBench bench;
    bench.run(sentence);
    EXPECT_TRUE(bench.yaml.find(str("  lead:\n    query: lead\n    ", mark)) != std::string::npos) << sentence << "\n" << bench.yaml;
  }
}

TEST(RulesProvider, DrawsAPieOfManySlicesAndSaysWhatReadsBetter) {
  ToolBench bench;
  bench.run("pie chart of bird strikes by phase of flight");
  EXPECT_TRUE(bench.wrote("Bars compare so many parts better than slices do."));
  ToolBench many;
  many.run("pie chart of bird strikes by aircraft airline operator");
  EXPECT_TRUE(many.wrote("The 24 largest of 46; shares are of these."));
}

TEST(RulesProvider, SaysThatANumberBelongsToNoQuantity) {
  ToolBench bench;
  bench.run("bird strikes by wildlife size over 17 gallons");
  EXPECT_TRUE(bench.wrote("over 17")) << bench.yaml;
}

TEST(RulesProvider, SavesNoPageWhoseFirstChartIsEmpty) {
  ToolBench bench{.tables = {"movies"}, .without_rows = "100000000"};
  bench.run("movies with more than 100000000 imdb votes by genre");
  EXPECT_TRUE(bench.yaml.empty());
  EXPECT_THAT(bench.text, HasSubstr("No rows of movies are what was asked for"));
  EXPECT_THAT(bench.text, HasSubstr("It has Title"));
}

TEST(RulesProvider, AsksForNoRowsWhereTheSentenceLeavesNoneOut) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("movies by genre");
  EXPECT_EQ(bench.count("count_answer_rows"), 0);
  EXPECT_FALSE(bench.yaml.empty());
}

TEST(RulesProvider, ReadsInitialsAsTheColumnThatTheyStandFor) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("average uds by genre");
  EXPECT_TRUE(bench.sql_with("avg(\"US DVD Sales\")"));
  EXPECT_FALSE(bench.text.find("Not used") != std::string::npos) << bench.text;
}

TEST(RulesProvider, SplitsNoRowsByWhatIsUnknownOfAllOfThem) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("how many movies have no director");
  EXPECT_TRUE(bench.sql_with("\"Director\" IS NULL"));
  EXPECT_FALSE(bench.sql_with("\"Director\" AS director"));
}

TEST(RulesProvider, TitlesLeaveOutThatTheUnknownStays) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("movies by genre except drama and comedy");
  EXPECT_TRUE(bench.wrote("Movies by major genre: without Drama, without Comedy")) << bench.yaml;
  EXPECT_FALSE(bench.wrote("without major genre"));
}

TEST(RulesProvider, TakesSoManyOfTheRowsForANumberBehindASuperlative) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("worst rated 10 movies");
  EXPECT_FALSE(bench.sql_with("\"IMDB Rating\" = 10"));
  EXPECT_TRUE(bench.sql_with("LIMIT 10"));
}

TEST(RulesProvider, SaysThatASplitIsNotShownHoweverLittleItsWordSays) {
  ToolBench bench{.tables = {"flights"}};
  bench.run("average delay by type");
  EXPECT_THAT(bench.text, HasSubstr("Not used: \"type\""));
}

}  // namespace
}  // namespace bridge
