#include "features/rules/periods.h"

#include <gmock/gmock.h>

#include "features/rules/match.h"
#include "features/rules/plan.h"
#include "features/rules/testing/tool_bench.h"

namespace bridge::rules {
namespace {

using testing::HasSubstr;

std::string text_of(const TimeWindow& window) {
  switch (window.kind) {
    case TimeWindow::Kind::none: return "";
    case TimeWindow::Kind::days: return str(window.from ? format_day(*window.from) : "", "..", window.to ? format_day(*window.to) : "");
    case TimeWindow::Kind::month_of_year:
      return str("month ", window.month, window.day > 0 ? str(" day ", window.day) : "", " for ", window.count);
    case TimeWindow::Kind::days_of_week: return window.weekend ? "weekends" : "weekdays";
    case TimeWindow::Kind::this_unit: return str("this ", name_of(window.unit));
    case TimeWindow::Kind::last_unit: return str("last ", name_of(window.unit));
    case TimeWindow::Kind::last_days: return str("last ", window.count, " ", name_of(window.unit));
  }
  return "";
}
std::string window_of(std::string_view text) { return text_of(parse_sentence(text).window); }

TEST(Periods, GoFromADayToADay) {
  EXPECT_EQ(window_of("revenue from 15 March 2021 to 10 April 2021"), "2021-03-15..2021-04-10");
  EXPECT_EQ(window_of("revenue from 21 December 2020 to 17 January 2021"), "2020-12-21..2021-01-17");
  EXPECT_EQ(window_of("revenue 15th of March to April 10th, 2021"), "2021-03-15..2021-04-10");
  EXPECT_EQ(window_of("revenue between 21 December and 17 January 2021"), "2020-12-21..2021-01-17");
  EXPECT_EQ(window_of("from March to May 2020"), "2020-03-01..2020-05-31");
  EXPECT_EQ(window_of("from 2021-03-15 until 2021-04-10"), "2021-03-15..2021-04-10");
  EXPECT_EQ(window_of("on 15 March 2021"), "2021-03-15..2021-03-15");
}

TEST(Periods, AreQuartersHalvesSeasonsAndDecades) {
  EXPECT_EQ(window_of("revenue in Q1 2022"), "2022-01-01..2022-03-31");
  EXPECT_EQ(window_of("revenue in 2022 Q3"), "2022-07-01..2022-09-30");
  EXPECT_EQ(window_of("revenue in the last quarter of 2021"), "2021-10-01..2021-12-31");
  EXPECT_EQ(window_of("revenue in the first half of 2020"), "2020-01-01..2020-06-30");
  EXPECT_EQ(window_of("H2 2020"), "2020-07-01..2020-12-31");
  EXPECT_EQ(window_of("movies of the 1990s"), "1990-01-01..1999-12-31");
  EXPECT_EQ(window_of("movies of the 80s"), "1980-01-01..1989-12-31");
  EXPECT_EQ(window_of("rides in winter 2020"), "2020-12-01..2021-02-28");
}

TEST(Periods, AQuarterAloneIsATimeOnlyWhereOneWouldSayATime) {
  EXPECT_EQ(parse_sentence("average q2 by team").window.kind, TimeWindow::Kind::none);
  EXPECT_EQ(parse_sentence("revenue in q2 by team").window.kind, TimeWindow::Kind::month_of_year);
}

TEST(Periods, BeginAndEnd) {
  EXPECT_EQ(window_of("since 1995"), "1995-01-01..");
  EXPECT_EQ(window_of("since 1995 until 2000"), "1995-01-01..2000-12-31");
  EXPECT_EQ(window_of("before the year 2015"), "..2014-12-31");
  EXPECT_EQ(window_of("before 2015"), "..2014-12-31");
  EXPECT_EQ(window_of("on or before 2015"), "..2015-12-31");
  EXPECT_EQ(window_of("before or on the date 2015"), "..2015-12-31");
  EXPECT_EQ(window_of("after March 2020"), "2020-04-01..");
  EXPECT_EQ(window_of("on or after 3 March 2020"), "2020-03-03..");
  EXPECT_EQ(window_of("until the end of 2015"), "..2015-12-31");
  EXPECT_EQ(window_of("the last 3 months"), "last 3 month");
  EXPECT_EQ(window_of("yesterday"), "last day");
}

TEST(Periods, SayHowADateWasReadThatCouldBeAnother) {
  EXPECT_EQ(window_of("on 15/03/2021"), "2021-03-15..2021-03-15");
  EXPECT_EQ(window_of("on 3/15/2021"), "2021-03-15..2021-03-15");
  EXPECT_EQ(window_of("on 15.03.2021"), "2021-03-15..2021-03-15");
  EXPECT_EQ(parse_sentence("on 3/15/2021").window.remark, "");
  const TimeWindow window = parse_sentence("revenue on 03/04/2021").window;
  EXPECT_EQ(text_of(window), "2021-04-03..2021-04-03");
  EXPECT_THAT(window.remark, HasSubstr("day first, as 3 April 2021"));
  EXPECT_EQ(window_of("on 31/02/2021"), "2021-01-01..2021-12-31");  // no date: the year alone
}

TEST(Periods, StandAgainstEachOther) {
  for (const auto& [text, first, second] : {std::tuple{"revenue Q1 2022 vs Q1 2021", "2022-01-01..2022-03-31", "2021-01-01..2021-03-31"},
                                            {"compare revenue in 2020 with 2021", "2020-01-01..2020-12-31", "2021-01-01..2021-12-31"},
                                            {"revenue in March vs April 2021", "2021-03-01..2021-03-31", "2021-04-01..2021-04-30"},
                                            {"revenue this month compared to last month", "this month", "last month"}}) {
    const Sentence sentence = parse_sentence(text);
    EXPECT_EQ(text_of(sentence.window), first) << text;
    ASSERT_TRUE(sentence.against) << text;
    EXPECT_EQ(text_of(*sentence.against), second) << text;
  }
  EXPECT_FALSE(parse_sentence("from 2020 to 2021").against);
}

TEST(Periods, AreDaysOfTheWeek) {
  const auto days_of = [](std::string_view text) {
    const Sentence sentence = parse_sentence(text);
    return sentence.days_of_week ? text_of(*sentence.days_of_week) : "";
  };
  EXPECT_EQ(days_of("flights on weekends"), "weekends");
  EXPECT_EQ(days_of("flights excluding weekends"), "weekdays");
  EXPECT_EQ(days_of("flights on weekdays in 2001"), "weekdays");
  EXPECT_EQ(days_of("flights by weekday"), "");
}

TEST(Periods, HaveNames) {
  const auto name = [](std::string_view from, std::string_view to) { return period_name(*parse_day(from), *parse_day(to)); };
  EXPECT_EQ(name("2001-01-01", "2001-12-31"), "2001");
  EXPECT_EQ(name("2001-05-01", "2001-05-31"), "May 2001");
  EXPECT_EQ(name("2001-04-01", "2001-06-30"), "Q2 2001");
  EXPECT_EQ(name("1990-01-01", "1999-12-31"), "1990 to 1999");
  EXPECT_EQ(name("2001-05-02", "2001-05-31"), "2 May 2001 to 31 May 2001");
}

// Orders with two dates, of 2019 to 2021.
json::object orders(std::string_view last = "2021-12-31") {
  const auto dated = [&](std::string_view name, double missing) {
    return json::object{
        {"name", name},
        {"type", "date"},
        {"statistics", json::object{{"distinct_count", 1'000}, {"null_fraction", missing}, {"min", "2019-01-01"}, {"max", last}}}};
  };
  return {{"table", "orders"},
          {"sql_name", "orders"},
          {"row_count", 5'000},
          {"columns",
           json::array{dated("order_date", 0), dated("ship_date", 0.1),
                       json::object{{"name", "revenue"},
                                    {"type", "number"},
                                    {"statistics", json::object{{"distinct_count", 900}, {"min", "1"}, {"max", "900"}, {"average", 50.0}}}},
                       json::object{
                           {"name", "channel"},
                           {"type", "text"},
                           {"statistics", json::object{{"distinct_count", 2},
                                                       {"null_fraction", 0.2},
                                                       {"top_values", json::array{json::object{{"value", "web"}, {"count", 3'000}},
                                                                                  json::object{{"value", "shop"}, {"count", 1'000}}}}}}}}}};
}

Plan plan_of(std::string_view text, const json::object& schema) {
  const TableProfile table = make_table_profile(schema);
  const Sentence sentence = parse_sentence(text);
  const TableMatch match = match_table(sentence, table);
  const Question question = make_question(sentence, match);
  return make_plan(question, sentence, {.connection = "demo"});
}
std::string period_of(const Plan& plan) {
  for (const PlannedParameter& param : plan.params) {
    if (param.name == "period") return join(param.defaults, ",");
  }
  return "";
}
bool asks(const Plan& plan, std::string_view part) {
  return std::any_of(plan.queries.begin(), plan.queries.end(),
                     [&](const PlannedQuery& query) { return query.sql.find(part) != std::string::npos; });
}

TEST(Periods, LeaveAPageOpenUnlessOneIsAsked) {
  EXPECT_EQ(period_of(plan_of("revenue by channel", orders())), "all");
  EXPECT_EQ(period_of(plan_of("revenue in 2020 by channel", orders())), "2020-01-01..2020-12-31");
  EXPECT_EQ(period_of(plan_of("revenue in the last 30 days", orders())), "last_30_days_of_data");
}

TEST(Periods, AreOfTheDateThatTheSentenceNames) {
  const Plan shipped = plan_of("revenue of orders shipped in December 2020", orders());
  EXPECT_TRUE(asks(shipped, "filter(:period, ship_date)"));
  EXPECT_FALSE(asks(shipped, "filter(:period, order_date)"));
  EXPECT_TRUE(asks(plan_of("revenue by ship month", orders()), "date_trunc('month', ship_date)"));
  EXPECT_TRUE(asks(plan_of("revenue by month", orders()), "date_trunc('month', order_date)"));
}

TEST(Periods, StandSideBySideInTheCharts) {
  const Plan plan = plan_of("revenue Q1 2021 vs Q1 2020", orders());
  EXPECT_EQ(plan.layout.at(1).items.front().chart, "by_stretch");
  EXPECT_EQ(plan.title, "Total revenue by period, Q1 2020 and Q1 2021");
  EXPECT_TRUE(asks(plan, "THEN 'Q1 2020'"));
  EXPECT_TRUE(asks(plan, "order_date < DATE '2020-04-01'"));
  EXPECT_THAT(join(plan.notes, " "), HasSubstr("Q1 2020 and Q1 2021 stand side by side"));
  for (const AccountedWord& word : plan.account) EXPECT_EQ(word.role, "used") << word.word;
}

TEST(Periods, CompareWholeMonthsAndSayWhich) {
  const Plan plan = plan_of("revenue this month compared to last month", orders("2021-03-06"));
  EXPECT_EQ(period_of(plan), "2021-02-01..2021-02-28");
  EXPECT_THAT(join(plan.notes, " "), HasSubstr("February 2021, the last whole one, is compared with January 2021"));
}

TEST(Periods, KeepWeekendsOutAndSayIt) {
  const Plan plan = plan_of("revenue by channel excluding weekends", orders());
  EXPECT_TRUE(asks(plan, "isodow(order_date) NOT IN (6, 7)"));
  EXPECT_THAT(plan.title, HasSubstr("without weekends"));
}

TEST(Periods, LoseNoRowWithoutAWord) {
  const Plan by_channel = plan_of("revenue by channel", orders());
  EXPECT_THAT(join(by_channel.notes, " "), HasSubstr("1,000 of 5,000 rows have no channel"));
  const Plan by_month = plan_of("revenue by ship month", orders());
  EXPECT_THAT(join(by_month.notes, " "), HasSubstr("500 of 5,000 rows have no ship_date"));
}

TEST(Periods, DrawMonthsByNoWeek) {
  json::object monthly{
      {"table", "rates"},
      {"sql_name", "rates"},
      {"row_count", 24},
      {"columns",
       json::array{json::object{{"name", "month"},
                                {"type", "date"},
                                {"statistics", json::object{{"distinct_count", 24}, {"min", "2020-01-01"}, {"max", "2021-12-01"}}}},
                   json::object{{"name", "unemployment"},
                                {"type", "number"},
                                {"statistics", json::object{{"distinct_count", 20}, {"min", "3"}, {"max", "9"}, {"average", 5.0}}}}}}};
  const Plan open = plan_of("unemployment over time", monthly);
  EXPECT_FALSE(asks(open, "date_trunc('week'"));
  EXPECT_TRUE(asks(open, "date_trunc('month'"));
  const Plan weekly = plan_of("unemployment by week", monthly);
  EXPECT_FALSE(asks(weekly, "date_trunc('week'"));
  EXPECT_THAT(join(weekly.notes, " "), HasSubstr("one value a month"));
}

TEST(Periods, SayThatATableKnowsNoTime) {
  EXPECT_THAT(join(plan_of("body mass by month", schema_of("penguins")).notes, " "), HasSubstr("no column that says when"));
}

}  // namespace
}  // namespace bridge::rules
