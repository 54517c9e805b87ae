#include "warehouse/sqlite/expression_types.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace bridge::sqlite {
namespace {

std::optional<ColumnType> type_of_column(std::string_view name) {
  if (name == "id" || name == "qty") return ColumnType::integer;
  if (name == "amount") return ColumnType::number;
  if (name == "price") return ColumnType::decimal;
  if (name == "day") return ColumnType::date;
  if (name == "region" || name == "the name") return ColumnType::text;
  return std::nullopt;
}

// "integer, text, ?"
std::string types_of(std::string_view sql, std::size_t columns) {
  std::vector<std::string> names;
  for (const auto& type : types_from_sql(sql, columns, &type_of_column)) names.push_back(type ? std::string(enum_name(*type)) : "?");
  return join(names, ", ");
}

TEST(TypesFromSql, KnowsFunctionsAndOperators) {
  EXPECT_EQ(types_of("SELECT count(*), sum(qty) AS q, sum(amount) a, avg(qty), max(day), min(region), total(qty) FROM t", 7),
            "integer, integer, number, number, date, text, number");
  EXPECT_EQ(types_of("SELECT qty + 1, qty * amount, qty / 2, 1.0 * qty, -qty, qty % 3, region || '!', qty > 3 FROM t", 8),
            "integer, number, integer, number, integer, integer, text, integer");
  EXPECT_EQ(types_of("SELECT date(day, 'start of month') AS month, strftime('%Y-%m-01', day), strftime('%Y', day), datetime(day)", 4),
            "date, date, text, timestamp");
  EXPECT_EQ(
      types_of("SELECT CASE WHEN qty > 1 THEN 'many' ELSE region END, CASE qty WHEN 1 THEN qty ELSE amount END, CAST(region AS INTEGER)",
               3),
      "text, number, integer");
  EXPECT_EQ(types_of("SELECT coalesce(qty, 0), iif(qty > 1, day, NULL), (SELECT max(amount) FROM t), round(amount, 2), NULL", 5),
            "integer, date, number, number, ?");
  EXPECT_EQ(types_of("SELECT sum(qty) OVER (PARTITION BY region ORDER BY day) s, count(*) FILTER (WHERE qty > 1) AS n FROM t", 2),
            "integer, integer");
  EXPECT_EQ(types_of("SELECT DISTINCT \"the name\", 'x', 5, 0.5, sum(price) FROM t", 5), "text, text, integer, number, number");
}

TEST(TypesFromSql, FollowsNamesThroughSubqueries) {
  EXPECT_EQ(
      types_of("WITH m AS (SELECT date(day) AS month, sum(amount) AS total FROM t GROUP BY 1) SELECT m.month, total, total / 2 FROM m", 3),
      "date, number, number");
  EXPECT_EQ(types_of("SELECT price, qty FROM (SELECT sum(price) AS price, qty FROM (SELECT sum(price) AS price, qty FROM t) s) s", 2),
            "number, integer")
      << "what a subquery calls as a column is called";
  EXPECT_EQ(types_of("SELECT sum(price) AS price, max(price) FROM t", 2), "number, decimal");
  EXPECT_EQ(types_of("SELECT n, x FROM (SELECT count(*) AS n, n AS x FROM t)", 2), "integer, integer");
  EXPECT_EQ(types_of("SELECT a FROM (SELECT b AS a FROM (SELECT a AS b FROM t))", 1), "?");
}

TEST(TypesFromSql, SaysNothingWhereColumnsDoNotStandOneByOne) {
  EXPECT_EQ(types_of("SELECT * FROM t", 5), "");
  EXPECT_EQ(types_of("SELECT t.*, qty FROM t", 5), "");
  EXPECT_EQ(types_of("VALUES (1)", 1), "");
  EXPECT_EQ(types_of("", 0), "");
}

TEST(TypesFromSql, EndsOnAnyText) {
  for (const char* sql :
       {"SELECT", "SELECT (", "SELECT ((((", "SELECT ,", "SELECT CASE", "SELECT cast(", "SELECT f(", "SELECT 'x", "SELECT a AS", "SELECT -",
        "SELECT a ||", "SELECT CASE END", "SELECT strftime()", "SELECT iif()", "SELECT coalesce()", ")", "SELECT )"})
    (void)types_of(sql, 1);
}

}  // namespace
}  // namespace bridge::sqlite
