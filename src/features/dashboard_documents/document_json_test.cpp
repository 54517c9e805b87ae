#include "features/dashboard_documents/document_json.h"

#include <gtest/gtest.h>

#include "features/dashboard_documents/schema.h"

namespace bridge {
namespace {

constexpr std::string_view kWithoutLayout = R"(bridge: 1
title: Carrier delays
connection: flights
queries:
  by_day: {sql: "SELECT day, flights FROM flights"}
charts:
  total: {query: by_day, mark: kpi, y: {field: flights, aggregate: sum}}
  trend: {query: by_day, mark: line, x: day, y: flights}
)";

TEST(DocumentJson, SharesWhatTheGivenWidthsLeave) {
  EXPECT_EQ(resolve_widths({.items = {{}, {}, {}, {}, {}}}), (std::vector<int>{3, 3, 2, 2, 2}));
  EXPECT_EQ(resolve_widths({.items = {{.w = 3}, {}}}), (std::vector<int>{3, 9}));
  EXPECT_EQ(resolve_widths({.items = {{.w = 6}, {.w = 6}}}), (std::vector<int>{6, 6}));
}

TEST(DocumentJson, LaysChartsOutWhereTheDocumentDoesNot) {
  const auto document = parse_document(kWithoutLayout);
  ASSERT_TRUE(document);
  const json::object out = make_document_json(*document, "kept-as");
  EXPECT_EQ(out.at("slug").as_string(), "kept-as");
  ASSERT_EQ(out.at("layout").as_array().size(), 2u);
  EXPECT_EQ(out.at("layout").at(0).at("h").as_int64(), 2);
  EXPECT_EQ(out.at("layout").at(1).at("items").at(0).at("w").as_int64(), 12);
  EXPECT_EQ(out.at("version").as_int64(), 0);
  EXPECT_TRUE(out.at("provenance").is_null());
}

TEST(DocumentJson, HandsOnEveryOptionThatTheSchemaKnows) {
  const auto document = parse_document(R"(bridge: 1
title: Carrier delays
connection: flights
queries:
  by_day: {sql: "SELECT day, flights FROM flights"}
charts:
  trend: {query: by_day, mark: area, x: day, y: {field: flights, format: ",.1f"}, stack: normalize, limit: 5, x-note: mine}
)");
  ASSERT_TRUE(document) << describe_error(document.error());
  const json::object out = make_document_json(*document, "late");
  const json::object& chart = out.at("charts").at("trend").as_object();
  EXPECT_EQ(chart.at("stack").as_string(), "normalize");
  EXPECT_EQ(chart.at("limit").as_int64(), 5);
  EXPECT_TRUE(chart.at("regions").is_null());
  EXPECT_FALSE(chart.contains("x-note"));
  EXPECT_EQ(chart.at("x").at("field").as_string(), "day");
  EXPECT_EQ(chart.at("y").at("format").as_string(), ",.1f");
  for (const auto& [key, schema] : schema_properties("chart")) EXPECT_TRUE(chart.contains(key)) << key;
  for (const std::string_view channel : {"x", "y"}) {
    for (const auto& [key, schema] : schema_properties("encoding_object"))
      EXPECT_TRUE(chart.at(channel).as_object().contains(key)) << channel << "." << key;
  }
}

}  // namespace
}  // namespace bridge
