#include "base/text.h"
#include "query.h"
#include "table.h"

// Order, limits, samples, groups, windows, joins, and what of texts is compared.

namespace bridge::differential {

namespace {

using Dialect = const SqlDialect&;

// One statement for all engines.
Query plain(std::string name, std::string sql) {
  return {std::move(name), [sql = std::move(sql)](Dialect) -> Result<std::string> { return sql; }};
}

void add_orders(std::vector<Query>& all) {
  for (const std::string_view column :
       {"customer", "region", "note", "ordered_at", "shipped_on", "quantity", "amount", "weight", "is_gift", "big", "unknown"}) {
    for (const SortDirection direction : {SortDirection::ascending, SortDirection::descending}) {
      all.push_back(
          {str("by ", column, direction == SortDirection::ascending ? " upwards" : " downwards"), [=](Dialect d) -> Result<std::string> {
             return str("SELECT id, ", column, " FROM orders ORDER BY ", d.sort_key(column, direction), ", id ", d.limit(290));
           }});
    }
  }
  all.push_back(
      {"by several, as a table is sorted by its reader", [](Dialect d) -> Result<std::string> {
         return str("SELECT * FROM (\nSELECT region, customer, sum(quantity) AS quantity FROM orders GROUP BY 1, 2\n) AS answer ORDER BY ",
                    d.sort_key("quantity", SortDirection::descending), ", ", d.sort_key("region", SortDirection::ascending), ", ",
                    d.sort_key("customer", SortDirection::ascending));
       }});
  for (const std::size_t rows : {0U, 1U, 17U, 1'000U}) {
    all.push_back({str("at most ", rows, " rows"),
                   [rows](Dialect d) -> Result<std::string> { return str("SELECT id FROM orders ORDER BY id ", d.limit(rows)); }});
    all.push_back({str("a sample of ", rows, " rows"), [rows](Dialect d) -> Result<std::string> {
                     return str("SELECT count(*) AS orders, count(id) AS ids FROM ", d.sample("orders", rows == 0 ? 5 : rows));
                   }});
  }
}

void add_groups(std::vector<Query>& all) {
  const auto grouped = [&](std::string name, std::string keys, std::string values, std::size_t key_count, std::string rest = "") {
    all.push_back({std::move(name), [=](Dialect d) -> Result<std::string> {
                     std::vector<std::string> places, order;
                     for (std::size_t i = 1; i <= key_count; ++i) {
                       places.push_back(str(i));
                       order.push_back(d.sort_key(str(i), SortDirection::ascending));
                     }
                     return str("SELECT ", keys, ", ", values, " FROM orders GROUP BY ", join(places, ", "), " ", rest, " ORDER BY ",
                                join(order, ", "));
                   }});
  };
  grouped("counts by region, nulls too", "region",
          "count(*) AS orders, count(quantity) AS with_quantity, count(DISTINCT customer) AS customers", 1);
  grouped("sums by region and status", "region, \"Order Status\"", "sum(quantity) AS quantity, sum(weight) AS weight, min(amount) AS least",
          2);
  grouped("texts' ends by region", "region", "min(customer) AS first, max(customer) AS last, min(note) AS note", 1);
  grouped("groups of more than ten", "customer", "count(*) AS orders", 1, "HAVING count(*) > 10");
  grouped("by a condition", "CASE WHEN quantity > 10 THEN 'many' WHEN quantity IS NULL THEN 'unknown' ELSE 'few' END AS kind",
          "count(*) AS orders", 1);
  grouped("by upper and lower case", "\"Order Status\"", "count(*) AS orders", 1);
  grouped("counts of what is true", "region", "count(CASE WHEN is_gift THEN 1 END) AS gifts, count(*) FILTER (WHERE is_gift) AS filtered",
          1);
  grouped("by a number", "quantity", "count(*) AS orders, avg(weight) AS weight", 1);
  grouped("by a big number", "big", "count(*) AS orders", 1);
  grouped("by a decimal", "amount", "count(*) AS orders", 1, "HAVING count(*) > 1");
  grouped("by a day", "shipped_on", "count(*) AS orders, sum(amount) AS amount", 1);
  all.push_back({"shares of a whole", [](Dialect d) -> Result<std::string> {
                   return str("SELECT region, ", d.ratio("100.0 * count(*)", "sum(count(*)) OVER ()"),
                              " AS share FROM orders GROUP BY 1 ORDER BY ", d.sort_key("share", SortDirection::descending), ", 1");
                 }});
  all.push_back(plain("a whole table", "SELECT * FROM orders ORDER BY id"));
  const auto of_nothing = [&](std::string name, std::string select, std::string rest = "") {
    all.push_back({std::move(name), [=](Dialect d) -> Result<std::string> {
                     return str("SELECT ", replace_all(select, "{at}", d.identifier("at")), " FROM ", d.identifier("nothing"), rest);
                   }});
  };
  of_nothing("a table without rows", "*");
  of_nothing("aggregates of no row", "count(*) AS n, sum(amount) AS amount, min(name) AS name, max({at}) AS latest, avg(weight) AS weight");
  of_nothing("groups of no row", "name, count(*) AS n", " GROUP BY 1");
  all.push_back(plain("distinct rows", "SELECT DISTINCT region, \"Order Status\" FROM orders WHERE region IS NOT NULL ORDER BY 1, 2"));
}

void add_windows(std::vector<Query>& all) {
  all.push_back(plain(
      "running total",
      "SELECT id, sum(quantity) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total FROM orders ORDER BY id"));
  all.push_back({"ranks with ties", [](Dialect d) -> Result<std::string> {
                   return str("SELECT id, rank() OVER (ORDER BY ", d.sort_key("quantity", SortDirection::descending),
                              ") AS place, row_number() OVER (PARTITION BY region ORDER BY ",
                              d.sort_key("quantity", SortDirection::descending), ", id) AS place_in_region FROM orders ORDER BY id");
                 }});
  all.push_back({"the first three of each region", [](Dialect d) -> Result<std::string> {
                   return str(
                       "SELECT region, customer, quantity FROM (SELECT region, customer, quantity, id, row_number() OVER (PARTITION BY "
                       "region ORDER BY ",
                       d.sort_key("quantity", SortDirection::descending),
                       ", id) AS place FROM orders) AS ranked WHERE place <= 3 ORDER BY ", d.sort_key("region", SortDirection::ascending),
                       ", place");
                 }});
  all.push_back(plain("the row before", "SELECT id, quantity - lag(quantity) OVER (ORDER BY id) AS change FROM orders ORDER BY id"));
  all.push_back({"growth by month", [](Dialect d) -> Result<std::string> {
                   return str("WITH months AS (SELECT ", d.truncate("ordered_at", TimeUnit::month),
                              " AS month, count(*) AS orders FROM orders WHERE ordered_at IS NOT NULL GROUP BY 1) SELECT month, ",
                              d.safe_ratio("(orders - lag(orders) OVER (ORDER BY month))", "lag(orders) OVER (ORDER BY month)"),
                              " AS growth FROM months ORDER BY month");
                 }});
  all.push_back(
      plain("mean of seven rows",
            "SELECT id, avg(weight) OVER (ORDER BY id ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS mean FROM orders ORDER BY id"));
}

void add_conditions(std::vector<Query>& all) {
  const auto where = [&](std::string condition) {
    all.push_back(plain(str("where ", condition), str("SELECT id FROM orders WHERE ", condition, " ORDER BY id")));
  };
  where("region <> 'north'");
  where("region IN ('north', 'south')");
  where("region NOT IN ('north', 'south')");
  where("region NOT IN ('north', NULL)");
  where("region IS NULL OR quantity IS NULL");
  where("region IS DISTINCT FROM 'north'");
  where("quantity BETWEEN -1 AND 3");
  where("NOT (quantity > 3)");
  where("amount = 100.5 OR amount < -150.25");
  where("big = 9007199254740993");
  where("big > 9007199254740992");
  where("weight = 0.125 OR weight < -49");
  where("customer < 'a'");
  where("customer >= 'z'");
  where("customer = 'ann'");
  where("lower(customer) = 'ann'");
  where("lower(customer) = 'émile'");
  where("customer LIKE 'a%'");
  where("note LIKE '%0!%%' ESCAPE '!'");
  where("length(customer) = 3");
  where("coalesce(region, customer, 'none') = 'none'");
  where("quantity > (SELECT avg(quantity) FROM orders)");
  where("customer IN (SELECT customer FROM orders GROUP BY 1 HAVING count(*) > 20)");
  where("EXISTS (SELECT 1 FROM sales WHERE sales.quantity = orders.quantity AND sales.is_returned)");
  all.push_back(plain("joined texts", "SELECT id, region || ' ' || customer AS value FROM orders ORDER BY id"));
  all.push_back(plain("upper and lower case", "SELECT id, upper(customer) AS upper, lower(customer) AS lower FROM orders ORDER BY id"));
  all.push_back(plain("characters of texts",
                      "SELECT DISTINCT customer, length(customer) AS length, substr(customer, 2, 2) AS middle FROM orders WHERE customer "
                      "IS NOT NULL ORDER BY 1"));
  all.push_back(plain("joined tables",
                      "SELECT r.region, count(*) AS pairs FROM orders AS o JOIN (SELECT DISTINCT region FROM orders) AS r ON o.region = "
                      "r.region GROUP BY 1 ORDER BY 1"));
  all.push_back({"rows without a partner", [](Dialect d) -> Result<std::string> {
                   return str("SELECT s.product, n.name FROM (SELECT DISTINCT product FROM sales) AS s LEFT JOIN ", d.identifier("nothing"),
                              " AS n ON n.name = s.product ORDER BY 1");
                 }});
  all.push_back(plain("rows of two queries",
                      "SELECT region AS name FROM orders WHERE region IS NOT NULL UNION SELECT channel FROM sales ORDER BY 1"));
}

}  // namespace

std::vector<Query> queries_of_rows() {
  std::vector<Query> all;
  add_orders(all);
  add_groups(all);
  add_windows(all);
  add_conditions(all);
  return all;
}

}  // namespace bridge::differential
