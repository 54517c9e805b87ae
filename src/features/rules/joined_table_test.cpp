#include "features/rules/joined_table.h"

#include <gmock/gmock.h>

#include "base/text.h"

namespace bridge::rules {
namespace {

json::object column(std::string_view name) { return {{"name", name}, {"type", "text"}}; }
json::object key(json::array columns, std::string_view references, json::array referenced) {
  return {{"columns", std::move(columns)}, {"references", references}, {"referenced_columns", std::move(referenced)}};
}
json::object table(std::string_view name, json::array columns, json::array keys = {}) {
  return {{"table", name},          {"sql_name", name}, {"dialect", "postgres"}, {"row_count", 1000}, {"columns", std::move(columns)},
          {"keys", std::move(keys)}};
}

const json::object orders = table("orders", {column("id"), column("customer_id"), column("product"), column("status")},
                                  {key({"id"}, "", {}), key({"customer_id"}, "customers", {"id"}), key({"product"}, "items", {"code"})});
const json::object customers =
    table("customers", {column("id"), column("name"), column("country"), column("status")}, {key({"id"}, "", {})});
const json::object items = table("items", {column("code"), column("name"), column("Kind")});
const TableSchemas shop{{"orders", orders}, {"customers", customers}, {"items", items}};

std::vector<std::string> names_of(const json::object& schema) {
  std::vector<std::string> names;
  for (const json::value& one : schema.at("columns").as_array()) names.emplace_back(one.at("name").as_string());
  return names;
}

TEST(JoinAlongKeys, AddsTheColumnsOfTheTablesThatKeysLeadTo) {
  const auto joined = join_along_keys(orders, shop);
  ASSERT_TRUE(joined);
  EXPECT_THAT(names_of(*joined), testing::ElementsAre("id", "customer_id", "product", "status", "customer_name", "country",
                                                      "customer_status", "items_name", "Kind"));
  EXPECT_EQ(joined->at("source"), "orders");
  EXPECT_EQ(joined->at("row_count"), 1000);
  EXPECT_EQ(
      joined->at("sql_name"),
      "orders\n"
      "  LEFT JOIN (SELECT name AS customer_name, country, status AS customer_status, id AS key_1_of_customer FROM customers) AS \"of "
      "customer\" ON "
      "key_1_of_customer = customer_id\n"
      "  LEFT JOIN (SELECT name AS items_name, \"Kind\", code AS key_1_of_items FROM items) AS \"of items\" ON key_1_of_items = product");
}

TEST(JoinAlongKeys, LeavesOutWhatIsNotWanted) {
  const std::set<std::string> wanted{"country", "status"};
  const auto joined = join_along_keys(orders, shop, &wanted);
  ASSERT_TRUE(joined);
  EXPECT_THAT(names_of(*joined), testing::ElementsAre("id", "customer_id", "product", "status", "country"));
  EXPECT_FALSE(std::string(joined->at("sql_name").as_string()).contains("items"));
  const std::set<std::string> own_alone{"status"};
  EXPECT_FALSE(join_along_keys(orders, shop, &own_alone));
}

TEST(JoinAlongKeys, KnowsTheNamesThatAWideTableOnlyNames) {
  json::object wide = orders;
  wide["other_columns"] = {"country", "customer_name"};
  const auto joined = join_along_keys(wide, {{"orders", wide}, {"customers", customers}});
  ASSERT_TRUE(joined);
  EXPECT_THAT(names_of(*joined), testing::ElementsAre("id", "customer_id", "product", "status", "customer_country", "customer_status"));
}

TEST(JoinAlongKeys, TellsTwoKeysToOneTableApart) {
  const json::object flights =
      table("flights", {column("from_id"), column("to_id")}, {key({"from_id"}, "airports", {"id"}), key({"to_id"}, "airports", {"id"})});
  const json::object airports = table("airports", {column("id"), column("city")});
  const auto joined = join_along_keys(flights, {{"flights", flights}, {"airports", airports}});
  ASSERT_TRUE(joined);
  EXPECT_THAT(names_of(*joined), testing::ElementsAre("from_id", "to_id", "from_city", "to_city"));
}

TEST(JoinAlongKeys, TakesAllColumnsOfAKeyAndNoKeyToItself) {
  const json::object cities = table("cities", {column("country"), column("zip"), column("mayor")}, {key({"mayor"}, "cities", {"zip"})});
  const json::object houses = table("houses", {column("country"), column("zip")}, {key({"country", "zip"}, "cities", {"country", "zip"})});
  const TableSchemas schemas{{"cities", cities}, {"houses", houses}};
  EXPECT_FALSE(join_along_keys(cities, schemas));
  const auto joined = join_along_keys(houses, schemas);
  ASSERT_TRUE(joined);
  EXPECT_TRUE(std::string(joined->at("sql_name").as_string()).contains("ON key_1_of_cities = country AND key_2_of_cities = zip"));
}

TEST(JoinAlongKeys, IsNothingWithoutAKeyToAKnownTable) {
  EXPECT_FALSE(join_along_keys(customers, shop));
  EXPECT_FALSE(join_along_keys(orders, {{"orders", orders}}));
  EXPECT_FALSE(join_along_keys({}, shop));
}

}  // namespace
}  // namespace bridge::rules
