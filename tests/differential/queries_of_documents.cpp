#include "base/text.h"
#include "query.h"
#include "table.h"

// Queries as documents hold them: filter() and :params, with what a URL chooses.

namespace bridge::differential {

namespace {

using Dialect = const SqlDialect&;
using Choices = std::vector<std::pair<std::string, std::string>>;

void add_filters(std::vector<Query>& all) {
  const auto filtered = [&](std::string name, std::string condition, Choices choices) {
    all.push_back({str("filter: ", name),
                   [condition](Dialect) -> Result<std::string> { return str("SELECT id FROM orders WHERE ", condition, " ORDER BY id"); },
                   std::move(choices)});
  };
  filtered("everything", "filter(:period, ordered_at) AND filter(:region, region) AND filter(:gift, is_gift)", {});
  for (const std::string_view range : {"2021-03-01..2021-03-31", "2021-02-28..2021-02-28", "2020-02-29..2020-02-29",
                                       "2021-12-31..2022-01-01", "..1970-01-01", "2021-06-30..", "1900-01-01..9999-12-31"}) {
    filtered(str("moments in ", range), "filter(:period, ordered_at)", {{"period", std::string(range)}});
    filtered(str("days in ", range), "filter(:period, shipped_on)", {{"period", std::string(range)}});
  }
  filtered("one day of moments", "filter(:day, ordered_at)", {{"day", "2020-12-31"}});
  filtered("one day of days", "filter(:day, shipped_on)", {{"day", "2020-12-31"}});
  filtered("one value", "filter(:region, region)", {{"region", "north"}});
  filtered("several values", "filter(:region, region)", {{"region", "north"}, {"region", "west"}});
  filtered("values and none", "filter(:region, region)", {{"region", "north"}, {"region", "(none)"}});
  filtered("none", "filter(:region, region)", {{"region", "(none)"}});
  filtered("one value with a blank and capitals", "filter(:status, \"Order Status\")", {{"status", "Open"}});
  filtered("a number among values", "filter(:number, quantity)", {{"number", "3"}});
  filtered("numbers among values", "filter(:number, quantity)", {{"number", "3"}, {"number", "-2"}});
  filtered("true", "filter(:gift, is_gift)", {{"gift", "true"}});
  filtered("false", "filter(:gift, is_gift)", {{"gift", "false"}});
  filtered("an empty text", "filter(:name, customer)", {{"name", ""}});
  filtered("a foreign text", "filter(:name, customer)", {{"name", "张伟"}});
  filtered("a text with a quote", "filter(:name, customer)", {{"name", "O'Neil"}});
  filtered("a number", "filter(:least, quantity)", {{"least", "10"}});
  filtered("a number with a fraction", "filter(:least, weight)", {{"least", "12.5"}});
  filtered("a decimal", "filter(:least, amount)", {{"least", "-12.50"}});
  filtered("a big number", "filter(:least, big)", {{"least", "9007199254740993"}});
  filtered("an expression", "filter(:name, coalesce(region, 'none'))", {{"name", "none"}});
  filtered("negated", "NOT filter(:region, region)", {{"region", "north"}});
  filtered("two", "filter(:period, ordered_at) AND filter(:region, region)", {{"period", "2021-01-01..2021-06-30"}, {"region", "east"}});
}

void add_values(std::vector<Query>& all) {
  const auto valued = [&](std::string name, std::string sql, Choices choices) {
    all.push_back({str("value: ", name), [sql](Dialect) -> Result<std::string> { return sql; }, std::move(choices)});
  };
  valued("at least", "SELECT id FROM orders WHERE quantity >= :least ORDER BY id", {{"least", "12"}});
  valued("at least with a fraction", "SELECT id FROM orders WHERE weight >= :least ORDER BY id", {{"least", "99.125"}});
  valued("beyond 2^53", "SELECT id FROM orders WHERE big >= :least ORDER BY id", {{"least", "9007199254740993"}});
  valued("beyond 64 bits", "SELECT count(*) AS orders FROM orders WHERE big < :least", {{"least", "12345678901234567890"}});
  valued("not chosen", "SELECT count(*) AS orders FROM orders WHERE :least IS NULL OR quantity >= :least", {});
  valued("chosen", "SELECT count(*) AS orders FROM orders WHERE :least IS NULL OR quantity >= :least", {{"least", "3"}});
  valued("ends of a period", "SELECT count(*) AS orders FROM orders WHERE shipped_on >= :period.from AND shipped_on <= :period.to",
         {{"period", "2021-01-01..2021-12-31"}});
  valued("an open end", "SELECT count(*) AS orders FROM orders WHERE :period.from IS NULL AND shipped_on <= :period.to",
         {{"period", "..2021-12-31"}});
  valued("beside texts, names and comments",
         "SELECT id, ':name' AS \":name\" -- :name\nFROM orders /* :name */ WHERE customer = :name ORDER BY id", {{"name", "Ann"}});
  valued("a text in a pattern", "SELECT id FROM orders WHERE note LIKE '%' || :name || '%' ORDER BY id", {{"name", "comment"}});
  valued("a text that is SQL", "SELECT count(*) AS orders FROM orders WHERE customer = :name", {{"name", "' OR 1 = 1 --"}});
  valued("a day", "SELECT count(*) AS orders FROM orders WHERE shipped_on = :day", {{"day", "2021-01-01"}});
  valued("true", "SELECT id FROM orders WHERE is_gift = :gift ORDER BY id", {{"gift", "true"}});
  valued("a number in the answer",
         "SELECT region, count(*) AS orders FROM orders GROUP BY 1 HAVING count(*) > :least ORDER BY 1 IS NULL, 1", {{"least", "60"}});
  all.push_back({"value: days before the end of a period",
                 [](Dialect d) -> Result<std::string> {
                   return str("SELECT id, ", d.days_between("shipped_on", ":period.to"),
                              " AS days FROM orders WHERE filter(:period, shipped_on) ORDER BY id");
                 },
                 {{"period", "2021-01-01..2021-02-28"}}});
  all.push_back({"value: orders by month in a period",
                 [](Dialect d) -> Result<std::string> {
                   return str("SELECT ", d.truncate("ordered_at", TimeUnit::month),
                              " AS month, \"Order Status\", count(*) AS orders FROM orders "
                              "WHERE filter(:period, ordered_at) AND filter(:status, \"Order Status\") GROUP BY 1, 2 ORDER BY 1, 2");
                 },
                 {{"period", "2020-12-01..2021-03-28"}, {"status", "open"}}});
}

}  // namespace

const std::vector<DocumentParameter>& query_parameters() {
  static const std::vector<DocumentParameter> all{
      {.name = "period", .type = ParameterType::date_range, .default_value = "all"},
      {.name = "day", .type = ParameterType::date, .default_value = "all"},
      {.name = "region", .type = ParameterType::enumeration, .multiple = true, .default_value = "all"},
      {.name = "status", .type = ParameterType::enumeration, .default_value = "all"},
      {.name = "number", .type = ParameterType::enumeration, .multiple = true, .default_value = "all", .values = {3, -2, 7}},
      {.name = "gift", .type = ParameterType::boolean, .default_value = "all"},
      {.name = "least", .type = ParameterType::number, .default_value = "all"},
      {.name = "name", .type = ParameterType::text, .default_value = "all"},
  };
  return all;
}

std::vector<Query> queries_of_documents() {
  std::vector<Query> all;
  add_filters(all);
  add_values(all);
  return all;
}

}  // namespace bridge::differential
