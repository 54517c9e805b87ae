#include <random>

#include "base/text.h"
#include "features/dashboard_compiler/parameters.h"
#include "table.h"

namespace bridge::differential {

namespace {

using namespace std::chrono;
using Row = std::vector<SqlValue>;

constexpr int order_count = 300;
constexpr int sale_count = 700;
constexpr int visit_count = 400;

// The same numbers with every standard library, which std::uniform_int_distribution does not promise.
class Dice final {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  std::int64_t below(std::int64_t end) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end)); }
  bool one_in(std::int64_t count) { return below(count) == 0; }
  template <class List>
  auto one_of(const List& list) {
    return list[static_cast<std::size_t>(below(static_cast<std::int64_t>(std::size(list))))];
  }

 private:
  std::mt19937_64 random_;
};

SqlValue text(std::string_view value) { return std::string(value); }
SqlValue cents(std::int64_t count) {
  const std::int64_t rest = std::abs(count % 100);
  return Decimal{str(count < 0 ? "-" : "", std::abs(count) / 100, ".", rest < 10 ? "0" : "", rest)};
}
Timestamp moment(Day day, std::int64_t second_of_day) {
  const hh_mm_ss time{seconds{second_of_day}};
  char written[16];
  std::snprintf(written, sizeof written, "T%02d:%02d:%02dZ", static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {format_day(day) + written};
}

// A day's ends, leap days, weeks that two years share, hours that summer time skips or repeats somewhere, days before 1970.
constexpr auto special_moments = std::to_array<std::string_view>({
    "2020-02-29T00:00:00Z", "2020-02-29T23:59:59Z", "2000-02-29T12:00:00Z", "1900-02-28T12:00:00Z", "1900-03-01T00:00:00Z",
    "2021-02-28T23:59:59Z", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", "2021-01-03T23:59:59Z", "2021-01-04T00:00:00Z",
    "2018-12-31T10:00:00Z", "2016-01-03T10:00:00Z", "2021-03-28T01:30:00Z", "2021-03-28T02:30:00Z", "2021-10-31T02:30:00Z",
    "2021-03-14T02:30:00Z", "2021-11-07T01:30:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "1961-08-13T05:00:00Z",
    "2021-06-30T23:59:59Z", "2021-07-01T00:00:00Z", "2021-09-30T12:00:00Z", "2021-10-01T00:00:01Z", "2038-01-19T03:14:08Z",
});
constexpr auto customers = std::to_array<std::string_view>(
    {"Ann", "ann", "Zoë", "zoe", "Ümit", "张伟", "O'Neil", "", " Ann", "Ann ", "Émile", "Łukasz", "Żaneta", "a\"b", "100%", "a_b"});
constexpr auto notes = std::to_array<std::string_view>({"", "it's :region", "-- no comment", "/* no comment */", "two\nlines", "tab\there",
                                                        "😀", "e\xCC\x81", "50% off", "under_score", "back\\slash", "[brackets]",
                                                        "{\"a\": 1}", "$$dollar$$", "?", "NULL", "12", "-3.5"});
// Whole numbers that no double holds stand beside those that it does.
constexpr auto big_numbers = std::to_array<std::int64_t>(
    {0, 1, -1, 9'007'199'254'740'992, 9'007'199'254'740'993, -9'007'199'254'740'993, 4'294'967'296, 1'000'000'000'000});
constexpr auto days_in_text = std::to_array<std::string_view>(
    {"2021-02-28", "2020-02-29", "2021-02-29", "2021-13-01", "1999-12-31", "soon", "", "2021-2-8", "2021-02-28 ", "0001-01-01"});
constexpr auto german_days = std::to_array<std::string_view>(
    {"28.02.2021 10:30", "29.02.2020 00:00", "31.04.2021 12:00", "1.2.2021 10:30", "31.12.1999 23:59", "bald"});

Table make_orders() {
  Table table{.name = "orders",
              .columns = {{"id", ColumnType::integer},
                          {"customer", ColumnType::text},
                          {"region", ColumnType::text},
                          {"Order Status", ColumnType::text},
                          {"ordered_at", ColumnType::timestamp},
                          {"shipped_on", ColumnType::date},
                          {"quantity", ColumnType::integer},
                          {"amount", ColumnType::decimal},
                          {"weight", ColumnType::number},
                          {"is_gift", ColumnType::boolean},
                          {"big", ColumnType::integer},
                          {"note", ColumnType::text},
                          {"written", ColumnType::text},
                          {"german", ColumnType::text},
                          {"year", ColumnType::integer},
                          {"unknown", ColumnType::number}}};
  Dice dice(7);
  for (int id = 1; id <= order_count; ++id) {
    const Day day = sys_days{year{2020} / 11 / 1} + days{dice.below(480)};
    const auto at = static_cast<std::size_t>(id - 1);
    const bool is_special = at < special_moments.size();
    Row row{std::int64_t{id}};
    row.push_back(dice.one_in(12) ? SqlValue(nullptr) : text(dice.one_of(customers)));
    row.push_back(dice.one_in(9) ? SqlValue(nullptr)
                                 : text(dice.one_of(std::to_array<std::string_view>({"north", "south", "east", "west"}))));
    row.push_back(text(dice.one_of(std::to_array<std::string_view>({"open", "Open", "shipped", "cancelled"}))));
    row.push_back(is_special        ? SqlValue(Timestamp{std::string(special_moments[at])})
                  : dice.one_in(15) ? SqlValue(nullptr)
                                    : SqlValue(moment(day, dice.below(24 * 3600))));
    row.push_back(is_special       ? SqlValue(Date{std::string(special_moments[at].substr(0, 10))})
                  : dice.one_in(6) ? SqlValue(nullptr)
                                   : SqlValue(Date{format_day(day + days{dice.below(40)})}));
    row.push_back(dice.one_in(10) ? SqlValue(nullptr) : SqlValue(dice.below(26) - 5));
    row.push_back(dice.one_in(11) ? SqlValue(nullptr) : cents(dice.below(200'000) - 20'000));
    row.push_back(dice.one_in(8) ? SqlValue(nullptr) : SqlValue(static_cast<double>(dice.below(1'600) - 400) / 8));
    row.push_back(dice.one_in(7) ? SqlValue(nullptr) : SqlValue(dice.one_in(3)));
    row.push_back(dice.one_of(big_numbers));
    row.push_back(dice.one_in(9) ? SqlValue(nullptr) : text(dice.one_of(notes)));
    row.push_back(dice.one_in(9) ? SqlValue(nullptr) : text(dice.one_of(days_in_text)));
    row.push_back(text(dice.one_of(german_days)));
    row.push_back(dice.one_in(9) ? SqlValue(nullptr) : SqlValue(1996 + dice.below(12)));
    row.push_back(nullptr);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table make_names() {
  Table table{.name = "Größe 1",
              .columns = {{"select", ColumnType::integer},
                          {"a b", ColumnType::text},
                          {"quote\"d", ColumnType::text},
                          {"naïve", ColumnType::number},
                          {"order", ColumnType::integer},
                          {"x.y", ColumnType::integer},
                          {"it's", ColumnType::text},
                          {":name", ColumnType::text},
                          {"[0]", ColumnType::integer}}};
  for (std::int64_t i = 1; i <= 12; ++i)
    table.rows.push_back(
        {i, str("a", i % 3), str("q", i % 2), static_cast<double>(i) / 4, 13 - i, i * i, str("it", i % 4), str("n", i % 5), i % 2});
  return table;
}

Table make_nothing() {
  return {.name = "nothing",
          .columns = {{"id", ColumnType::integer},
                      {"name", ColumnType::text},
                      {"at", ColumnType::timestamp},
                      {"amount", ColumnType::decimal},
                      {"weight", ColumnType::number}}};
}

Table make_sales() {
  Table table{.name = "sales",
              .columns = {{"sold_at", ColumnType::timestamp},
                          {"shipped_on", ColumnType::date},
                          {"region", ColumnType::text},
                          {"channel", ColumnType::text},
                          {"product", ColumnType::text},
                          {"segment", ColumnType::text},
                          {"amount", ColumnType::decimal},
                          {"quantity", ColumnType::integer},
                          {"weight", ColumnType::number},
                          {"rating", ColumnType::number},
                          {"is_returned", ColumnType::boolean}}};
  Dice dice(11);
  for (int i = 0; i < sale_count; ++i) {
    const Day day = sys_days{year{2021} / 1 / 1} + days{dice.below(546)};
    table.rows.push_back({moment(day, 8 * 3600 + dice.below(12 * 3600)),
                          dice.one_in(10) ? SqlValue(nullptr) : SqlValue(Date{format_day(day + days{dice.below(9)})}),
                          text(dice.one_of(std::to_array<std::string_view>({"North", "South", "East", "West"}))),
                          text(dice.one_of(std::to_array<std::string_view>({"web", "app", "store"}))),
                          text(dice.one_of(std::to_array<std::string_view>({"Lamp", "Chair", "Table", "Sofa", "Shelf", "Desk", "Carpet"}))),
                          dice.one_in(5) ? SqlValue(nullptr) : text(dice.one_of(std::to_array<std::string_view>({"private", "business"}))),
                          cents(500 + dice.below(90'000)), 1 + dice.below(9), static_cast<double>(4 + dice.below(400)) / 4,
                          dice.one_in(6) ? SqlValue(nullptr) : SqlValue(static_cast<double>(2 + dice.below(9)) / 2), dice.one_in(8)});
  }
  return table;
}

Table make_countries() {
  Table table{.name = "countries",
              .columns = {{"country", ColumnType::text},
                          {"continent", ColumnType::text},
                          {"year", ColumnType::integer},
                          {"life_expectancy", ColumnType::number},
                          {"population", ColumnType::integer},
                          {"income", ColumnType::number}}};
  struct Place {
    std::string_view country;
    std::string_view continent;
  };
  constexpr auto places = std::to_array<Place>({{"Austria", "Europe"},
                                                {"Belgium", "Europe"},
                                                {"Côte d'Ivoire", "Africa"},
                                                {"Egypt", "Africa"},
                                                {"Ghana", "Africa"},
                                                {"Kenya", "Africa"},
                                                {"India", "Asia"},
                                                {"Japan", "Asia"},
                                                {"Laos", "Asia"},
                                                {"Nepal", "Asia"},
                                                {"Brazil", "America"},
                                                {"Chile", "America"},
                                                {"Peru", "America"},
                                                {"Cuba", "America"},
                                                {"Fiji", "Oceania"},
                                                {"Samoa", "Oceania"}});
  Dice dice(13);
  for (const Place& place : places) {
    double expectancy = 40 + static_cast<double>(dice.below(60)) / 4;
    std::int64_t population = 200'000 + dice.below(90'000'000);
    for (std::int64_t year = 1960; year <= 2010; year += 5) {
      expectancy += static_cast<double>(dice.below(12)) / 4;
      population += population / 100 * dice.below(12);
      table.rows.push_back(
          {text(place.country), text(place.continent), year, expectancy, population, static_cast<double>(2'000 + dice.below(160'000)) / 4});
    }
  }
  return table;
}

Table make_visits() {
  Table table{.name = "visits",
              .columns = {{"visited", ColumnType::text},
                          {"kind", ColumnType::text},
                          {"spent", ColumnType::text},
                          {"minutes", ColumnType::integer},
                          {"museum", ColumnType::text}}};
  Dice dice(17);
  for (int i = 0; i < visit_count; ++i) {
    const std::string day = format_day(sys_days{year{2019} / 1 / 1} + days{dice.below(700)});
    table.rows.push_back({str(day.substr(8, 2), ".", day.substr(5, 2), ".", day.substr(0, 4)),
                          text(dice.one_of(std::to_array<std::string_view>({"school", "family", "single"}))),
                          dice.one_in(20) ? SqlValue(nullptr) : SqlValue(str("$", std::get<Decimal>(cents(100 + dice.below(9'000))).text)),
                          15 + dice.below(200), text(dice.one_of(std::to_array<std::string_view>({"Louvre", "Prado", "Uffizi", "Tate"})))});
  }
  return table;
}

}  // namespace

const SqlValue& Table::cell(std::size_t row, std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &TableColumn::name);
  return rows.at(row).at(static_cast<std::size_t>(found - columns.begin()));
}

const std::vector<Table>& tables() {
  static const std::vector<Table> all{make_orders(), make_names(), make_nothing(), make_sales(), make_countries(), make_visits()};
  return all;
}

const Table& table_named(std::string_view name) { return *std::ranges::find(tables(), name, &Table::name); }

}  // namespace bridge::differential
