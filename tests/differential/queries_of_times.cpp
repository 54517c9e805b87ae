#include "base/text.h"
#include "features/dashboard_compiler/parameters.h"
#include "query.h"
#include "table.h"

// Days and moments. What a part or the start of a unit is, std::chrono says too.

namespace bridge::differential {

namespace {

using namespace std::chrono;
using Dialect = const SqlDialect&;

constexpr auto units =
    std::to_array<TimeUnit>({TimeUnit::hour, TimeUnit::day, TimeUnit::week, TimeUnit::month, TimeUnit::quarter, TimeUnit::year});
constexpr auto time_columns = std::to_array<std::string_view>({"ordered_at", "shipped_on"});

// The moment that an order's column holds.
std::optional<sys_seconds> moment_at(std::size_t row, std::string_view column) {
  const SqlValue& cell = table_named("orders").cell(row, column);
  if (const auto* date = std::get_if<Date>(&cell)) return sys_seconds{*parse_day(date->text)};
  const auto* moment = std::get_if<Timestamp>(&cell);
  if (!moment) return std::nullopt;
  const int hour = std::stoi(moment->text.substr(11, 2)), minute = std::stoi(moment->text.substr(14, 2));
  return *parse_day(moment->text.substr(0, 10)) + hours{hour} + minutes{minute} + seconds{std::stoi(moment->text.substr(17, 2))};
}

Day monday_before(Day day) { return day - days{weekday{day}.iso_encoding() - 1}; }

std::string start_of(sys_seconds moment, TimeUnit unit) {
  const Day day = floor<days>(moment);
  const year_month_day date{day};
  const unsigned month_number = static_cast<unsigned>(date.month());
  switch (unit) {
    case TimeUnit::hour: {
      const auto hour = floor<hours>(moment - day).count();
      return str(format_day(day), "T", hour < 10 ? "0" : "", hour, ":00:00Z");
    }
    case TimeUnit::day: return format_day(day);
    case TimeUnit::week: return format_day(monday_before(day));
    case TimeUnit::month: return format_day(date.year() / date.month() / 1);
    case TimeUnit::quarter: return format_day(date.year() / month{(month_number - 1) / 3 * 3 + 1} / 1);
    case TimeUnit::year: break;
  }
  return format_day(date.year() / 1 / 1);
}

std::string part_of(sys_seconds moment, DatePart part) {
  const Day day = floor<days>(moment);
  switch (part) {
    case DatePart::hour: return str(floor<hours>(moment - day).count());
    case DatePart::weekday: return str(weekday{day}.iso_encoding());
    case DatePart::day: return str(static_cast<unsigned>(year_month_day{day}.day()));
    case DatePart::month: break;
  }
  return str(static_cast<unsigned>(year_month_day{day}.month()));
}

std::string weekday_name_of(sys_seconds moment) {
  static constexpr std::string_view names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  return std::string(names[weekday{floor<days>(moment)}.iso_encoding() - 1]);
}
std::string month_name_of(sys_seconds moment) {
  static constexpr std::string_view names[] = {"January", "February", "March",     "April",   "May",      "June",
                                               "July",    "August",   "September", "October", "November", "December"};
  return std::string(names[static_cast<unsigned>(year_month_day{floor<days>(moment)}.month()) - 1]);
}

// An expression of one column of every order, and what it gives for a moment.
template <class Write, class Expect>
Query of_moment(std::string_view what, std::string_view column, Write write, Expect expect) {
  return per_order(
      str(what, " of ", column), [=](Dialect d) -> Result<std::string> { return write(d, column); },
      [=](std::size_t row) {
        const auto moment = moment_at(row, column);
        return moment ? expect(*moment) : std::string("null");
      });
}

void add_parts(std::vector<Query>& all) {
  for (const std::string_view column : time_columns) {
    for (const TimeUnit unit : units) {
      all.push_back(of_moment(
          str("start of the ", unit_name(unit)), column, [unit](Dialect d, auto time) { return d.truncate(time, unit); },
          [unit](sys_seconds moment) { return start_of(moment, unit); }));
    }
    all.push_back(of_moment(
        "day", column, [](Dialect d, auto time) { return d.day_of(time); },
        [](sys_seconds moment) { return start_of(moment, TimeUnit::day); }));
    for (const auto& [name, part] : std::initializer_list<std::pair<std::string_view, DatePart>>{
             {"hour", DatePart::hour}, {"weekday", DatePart::weekday}, {"day of the month", DatePart::day}, {"month", DatePart::month}}) {
      all.push_back(of_moment(
          str(name, " as a number"), column, [part](Dialect d, auto time) { return d.date_part(time, part); },
          [part](sys_seconds moment) { return part_of(moment, part); }));
    }
    all.push_back(of_moment(
        "name of the weekday", column, [](Dialect d, auto time) { return d.weekday_name(time); }, &weekday_name_of));
    all.push_back(of_moment(
        "name of the month", column, [](Dialect d, auto time) { return d.month_name(time); }, &month_name_of));
  }
}

void add_groups(std::vector<Query>& all) {
  for (const TimeUnit unit : units) {
    all.push_back({str("orders by ", unit_name(unit)), [unit](Dialect d) -> Result<std::string> {
                     const std::string start = d.truncate("ordered_at", unit);
                     return str("SELECT ", start,
                                " AS start, count(*) AS orders, sum(quantity) AS quantity FROM orders GROUP BY 1 ORDER BY ",
                                d.sort_key("1", SortDirection::ascending));
                   }});
    all.push_back({str("days to ship by ", unit_name(unit), " before 2000 and after"), [unit](Dialect d) -> Result<std::string> {
                     return str("SELECT ", d.truncate("shipped_on", unit), " AS start, max(", d.days_between("ordered_at", "shipped_on"),
                                ") AS days FROM orders WHERE shipped_on < ", d.date_literal("2000-01-01"),
                                " OR shipped_on >= ", d.date_literal("2021-06-01"), " GROUP BY 1 ORDER BY ",
                                d.sort_key("1", SortDirection::descending));
                   }});
  }
  for (const DatePart part : {DatePart::hour, DatePart::weekday, DatePart::day, DatePart::month}) {
    all.push_back({str("gifts by part ", static_cast<int>(part)), [part](Dialect d) -> Result<std::string> {
                     return str("SELECT ", d.date_part("ordered_at", part),
                                " AS part, count(*) AS orders FROM orders WHERE is_gift GROUP BY 1 ORDER BY ",
                                d.sort_key("1", SortDirection::ascending));
                   }});
  }
  all.push_back({"weekends", [](Dialect d) -> Result<std::string> {
                   return str("SELECT count(*) AS orders FROM orders WHERE ", d.date_part("ordered_at", DatePart::weekday), " >= 6");
                 }});
  all.push_back({"weekday and hour", [](Dialect d) -> Result<std::string> {
                   return str("SELECT ", d.weekday_name("ordered_at"), " AS weekday, ", d.date_part("ordered_at", DatePart::hour),
                              " AS hour, count(*) AS orders FROM orders GROUP BY 1, 2 ORDER BY ", d.sort_key("1", SortDirection::ascending),
                              ", ", d.sort_key("2", SortDirection::ascending));
                 }});
  all.push_back({"first and last moment by region", [](Dialect d) -> Result<std::string> {
                   return str(
                       "SELECT region, min(ordered_at) AS first, max(ordered_at) AS last, min(shipped_on) AS shipped FROM orders GROUP BY "
                       "1 ORDER BY ",
                       d.sort_key("1", SortDirection::ascending));
                 }});
}

void add_days(std::vector<Query>& all) {
  all.push_back(per_order(
      "days between a moment and a day", [](Dialect d) { return d.days_between("ordered_at", "shipped_on"); },
      [](std::size_t row) {
        const auto from = moment_at(row, "ordered_at"), to = moment_at(row, "shipped_on");
        return from && to ? str((floor<days>(*to) - floor<days>(*from)).count()) : std::string("null");
      }));
  all.push_back(per_order(
      "days since a day", [](Dialect d) { return d.days_between(d.date_literal("2020-02-29"), "ordered_at"); },
      [](std::size_t row) {
        const auto at = moment_at(row, "ordered_at");
        return at ? str((floor<days>(*at) - sys_days{2020y / 2 / 29}).count()) : std::string("null");
      }));
  all.push_back(per_order(
      "days until a day", [](Dialect d) { return d.days_between("shipped_on", d.date_literal("1970-01-01")); },
      [](std::size_t row) {
        const auto at = moment_at(row, "shipped_on");
        return at ? str(-floor<days>(*at).time_since_epoch().count()) : std::string("null");
      }));
  all.push_back(per_order("days between moments", [](Dialect d) {
    return d.days_between("ordered_at", *d.cast(d.text_literal("2021-01-01 00:00:00"), ColumnType::timestamp));
  }));
  all.push_back(per_order(
      "first day of a year", [](Dialect d) { return d.start_of_year(d.identifier("year")); },
      [](std::size_t row) {
        const auto* year = std::get_if<std::int64_t>(&table_named("orders").cell(row, "year"));
        return year ? str(*year, "-01-01") : std::string("null");
      }));
  all.push_back({"first day of each year", [](Dialect d) -> Result<std::string> {
                   const std::string start = d.start_of_year(d.identifier("year"));
                   return str("SELECT ", start, " AS start, count(*) AS orders FROM orders GROUP BY 1 ORDER BY ",
                              d.sort_key("1", SortDirection::descending));
                 }});
  for (const auto& [name, comparison] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"before", "<"}, {"up to", "<="}, {"on", "="}, {"from", ">="}, {"after", ">"}, {"not on", "<>"}}) {
    for (const std::string_view day : {"2021-01-01", "2020-02-29"}) {
      all.push_back({str("shipped ", name, " ", day), [=](Dialect d) -> Result<std::string> {
                       return str("SELECT id FROM orders WHERE shipped_on ", comparison, " ", d.date_literal(day), " ORDER BY id");
                     }});
    }
    all.push_back({str("ordered ", name, " the year's first moment"), [=](Dialect d) -> Result<std::string> {
                     return str("SELECT id FROM orders WHERE ", d.day_of("ordered_at"), " ", comparison, " ", d.date_literal("2021-01-01"),
                                " ORDER BY id");
                   }});
  }
  all.push_back({"from a day to before another", [](Dialect d) -> Result<std::string> {
                   return str("SELECT count(*) AS orders FROM orders WHERE ordered_at >= ", d.date_literal("2021-02-28"),
                              " AND ordered_at < ", d.date_literal("2021-03-29"));
                 }});
  all.push_back({"same day", [](Dialect d) -> Result<std::string> {
                   return str("SELECT id FROM orders WHERE ", d.day_of("ordered_at"), " = shipped_on ORDER BY id");
                 }});
}

void add_readings(std::vector<Query>& all) {
  struct Reading {
    std::string_view column;
    std::string_view format;
  };
  for (const Reading& reading : {Reading{"written", "%Y-%m-%d"}, Reading{"german", "%d.%m.%Y %H:%M"}, Reading{"written", "%d/%m/%Y"},
                                 Reading{"written", "%Y"}, Reading{"written", "%b %d %Y"}}) {
    all.push_back(per_order(str("text ", reading.column, " read as ", reading.format),
                            [=](Dialect d) { return d.parse_time(reading.column, reading.format); }));
  }
  struct Text {
    std::string_view text;
    std::string_view format;
  };
  for (const Text& text : {Text{"2021-02-03T04:05:06", "%Y-%m-%dT%H:%M:%S"}, Text{"20200229", "%Y%m%d"}, Text{"20210229", "%Y%m%d"},
                           Text{"24:00 01.01.2021", "%H:%M %d.%m.%Y"}, Text{"12/2020", "%m/%Y"}}) {
    all.push_back({str("'", text.text, "' read as ", text.format), [=](Dialect d) -> Result<std::string> {
                     return str("SELECT ", TRY(d.parse_time(d.text_literal(text.text), text.format)), " AS value");
                   }});
  }
  all.push_back({"orders by the month of a text", [](Dialect d) -> Result<std::string> {
                   return str("SELECT ", d.truncate(TRY(d.parse_time("german", "%d.%m.%Y %H:%M")), TimeUnit::month),
                              " AS month, count(*) AS orders FROM orders GROUP BY 1 ORDER BY ", d.sort_key("1", SortDirection::ascending));
                 }});
}

void add_windows(std::vector<Query>& all) {
  struct Window {
    std::optional<TimeUnit> step;
    TimeUnit unit;
    int count;
  };
  for (const Window& window :
       {Window{TimeUnit::day, TimeUnit::day, 7}, Window{TimeUnit::week, TimeUnit::week, 4}, Window{TimeUnit::month, TimeUnit::month, 3},
        Window{TimeUnit::month, TimeUnit::quarter, 1}, Window{TimeUnit::quarter, TimeUnit::year, 1},
        Window{TimeUnit::hour, TimeUnit::day, 2}, Window{TimeUnit::day, TimeUnit::month, 1}, Window{std::nullopt, TimeUnit::year, 2}}) {
    const std::string step = window.step ? std::string(unit_name(*window.step)) : "year number";
    all.push_back(
        {str("sum over ", window.count, " ", unit_name(window.unit), " back, by ", step), [window](Dialect d) -> Result<std::string> {
           const std::string start = window.step ? d.truncate("ordered_at", *window.step) : d.identifier("year");
           const std::string when = d.identifier(window.step ? "ordered_at" : "year");
           const TimeWindow back = TRY(d.window_back("start", window.step, window.unit, window.count));
           return str("WITH steps AS (SELECT ", start, " AS start, count(*) AS orders FROM orders WHERE ", when,
                      " IS NOT NULL GROUP BY 1) SELECT start, sum(orders) OVER (ORDER BY ", back.order, " RANGE BETWEEN ", back.back,
                      " PRECEDING AND CURRENT ROW) AS orders FROM steps ORDER BY 1");
         }});
  }
}

}  // namespace

std::vector<Query> queries_of_times() {
  std::vector<Query> all;
  add_parts(all);
  add_groups(all);
  add_days(all);
  add_readings(all);
  add_windows(all);
  return all;
}

}  // namespace bridge::differential
