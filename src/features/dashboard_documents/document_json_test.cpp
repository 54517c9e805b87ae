#include "features/dashboard_documents/document_json.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace bridge
