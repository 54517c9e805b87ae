#include "platform/http/router.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

std::unique_ptr<Router> router_of(const std::vector<std::pair<Method, std::string>>& routes) {
  std::vector<Route> table;
  for (const auto& [method, path] : routes) table.push_back({.method = method, .path = path});
  return std::move(make_router(table).value());
}

const std::vector<std::pair<Method, std::string>> kRoutes{
    {Method::get, "/"},
    {Method::get, "/v1/things"},
    {Method::post, "/v1/things"},
    {Method::get, "/v1/things/{id}"},
    {Method::delete_, "/v1/things/{thing_id}"},
    {Method::post, "/v1/things/validate"},
    {Method::get, "/v1/things/{id}/parts/{part}"},
    {Method::get, "/assets/{path...}"},
};

TEST(Router, FindsLiteralsAndParameters) {
  const auto router = router_of(kRoutes);
  EXPECT_EQ(router->find(Method::get, "/")->route, 0u);
  EXPECT_EQ(router->find(Method::post, "/v1/things")->route, 2u);
  const auto match = router->find(Method::get, "/v1/things/a%20b/parts/%C3%A9");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->route, 6u);
  EXPECT_EQ(match->path_parameters.at("id"), "a b");
  EXPECT_EQ(match->path_parameters.at("part"), "é");
  EXPECT_EQ(match->path, "/v1/things/a b/parts/é");
  EXPECT_EQ(router->find(Method::delete_, "/v1/things/x")->path_parameters.at("thing_id"), "x");
}

TEST(Router, ALiteralBeatsAParameter) {
  const auto router = router_of(kRoutes);
  EXPECT_EQ(router->find(Method::post, "/v1/things/validate")->route, 5u);
  EXPECT_EQ(router->find(Method::get, "/v1/things/validate/parts/1")->route, 6u);
}

TEST(Router, ServesHeadByGetAndNamesTheMethodsOfAPath) {
  const auto router = router_of(kRoutes);
  EXPECT_EQ(router->find(Method::head, "/v1/things")->route, 1u);
  const auto match = router->find(Method::put, "/v1/things");
  EXPECT_EQ(match->route, RouteMatch::kNone);
  EXPECT_EQ(match->allow, "GET, HEAD, POST, OPTIONS");
}

TEST(Router, TheRestTakesSeveralSegments) {
  const auto router = router_of(kRoutes);
  EXPECT_EQ(router->find(Method::get, "/assets/js/app.js")->path_parameters.at("path"), "js/app.js");
  EXPECT_FALSE(router->find(Method::get, "/assets").has_value());
}

TEST(Router, RefusesPathTricks) {
  const auto router = router_of(kRoutes);
  for (const char* path : {"/v1/things/..", "/v1/things/%2e%2e", "/v1/things/.", "/v1/things/a%2fb", "/v1/things/..%5c",
                           "/v1/things/..%2f..%2fetc", "//v1/things", "/v1//things", "/v1/things/", "/assets/../v1/things",
                           "/assets/%2e%2e/x", "/nowhere", "/V1/things", "/v1/things;a=b"}) {
    const auto match = router->find(Method::get, path);
    ASSERT_FALSE(match.has_value()) << path;
    EXPECT_EQ(match.error().code, ErrorCode::not_found) << path;
  }
  for (const char* path : {"/v1/things/%00", "/v1/things/%", "/v1/things/%zz", "/v1/things/%c0%ae", "/v1/things/%ff", ""}) {
    const auto match = router->find(Method::get, path);
    ASSERT_FALSE(match.has_value()) << path;
    EXPECT_EQ(match.error().code, ErrorCode::invalid_argument) << path;
  }
  // Decoded once: what was escaped twice is a name with a percent sign.
  EXPECT_EQ(router->find(Method::get, "/v1/things/%252e%252e")->path_parameters.at("id"), "%2e%2e");
}

TEST(Router, RefusesTheSameRouteTwice) {
  EXPECT_FALSE(make_router({{.method = Method::get, .path = "/a/{x}"}, {.method = Method::get, .path = "/a/{y}"}}).has_value());
  EXPECT_FALSE(make_router({{.method = Method::get, .path = "a"}}).has_value());
}

}  // namespace
}  // namespace bridge
