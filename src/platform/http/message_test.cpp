#include "platform/http/message.h"

#include <gtest/gtest.h>

#include "platform/http/route.h"

namespace bridge {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

struct Thing {
  std::string name;
  int size = 0;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (name, size))

TEST(Query, IsDecodedOnceInOrder) {
  EXPECT_EQ(parse_query("a=1&b=x+y&a=%26%3D&c&&d=%C3%A9"), (Query{{"a", "1"}, {"b", "x y"}, {"a", "&="}, {"c", ""}, {"d", "é"}}));
  EXPECT_EQ(parse_query(""), Query{});
  EXPECT_EQ(parse_query("=v&%zz=%4"), (Query{{"", "v"}, {"%zz", "%4"}}));
  EXPECT_EQ(parse_query("a=%2541"), (Query{{"a", "%41"}}));
}

TEST(Problem, IsTextEvenWhereACharacterWasCut) {
  const Error error{.code = ErrorCode::not_found,
                    .message = "There is no 'caf\xC3'",
                    .violations = {{.path = "name", .code = "unknown", .message = "\xE2\x82", .got = "caf\xC3"}}};
  EXPECT_TRUE(is_valid_utf8(json::serialize(problem_json(error, "c"))));
}

TEST(Percent, EncodesWhatItDecodes) {
  const std::string text = "a b/ü?&=%+\"~";
  EXPECT_EQ(decode_percent(encode_percent(text), false), text);
  EXPECT_EQ(encode_percent("a b/"), "a%20b%2F");
}

TEST(Request, ReadsABodyOnlyWithTheRightContentType) {
  Request request{.headers = {{"content-type", "application/json; charset=utf-8"}}, .body = R"({"name":"x","size":2})"};
  ASSERT_TRUE(request.json_body<Thing>().has_value());
  EXPECT_EQ(request.json_body<Thing>()->size, 2);
  request.headers = {{"content-type", "text/plain"}};
  const auto refused = request.json_body<Thing>();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(problem_response(refused.error(), "id").status, 415);
}

TEST(Problem, SaysWhatIsWrongAndKeepsTheDetailToItself) {
  const Error error{
      .code = ErrorCode::already_exists,
      .message = "The slug is taken",
      .detail = "secret internals",
      .reason = "slug_conflict",
      .violations = {{.path = "slug", .line = 3, .column = 1, .code = "taken", .message = "is taken", .suggestion = "sales-2"}},
      .retry_after = std::chrono::seconds(7)};
  const Response response = problem_response(error, "trace-1");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const std::string& body = *response.body.front();
  EXPECT_EQ(body.find("secret"), std::string::npos);
  const json::value problem = json::parse(body);
  EXPECT_EQ(problem.at("code"), "slug_conflict");
  EXPECT_EQ(problem.at("trace_id"), "trace-1");
  EXPECT_EQ(problem.at("errors").at(0).at("line"), 3);
  EXPECT_EQ(problem.at("errors").at(0).at("suggestion"), "sales-2");
  EXPECT_EQ(response.headers.front(), (std::pair<std::string, std::string>{"retry-after", "7"}));
}

TEST(OpenApi, DescribesRoutesParametersAndSchemas) {
  std::vector<Route> routes;
  routes.push_back(
      {.method = Method::post,
       .path = "/v1/things/{id}",
       .access = Access::editor,
       .docs = docs<Thing, Thing>("update_thing", "Things", "Update a thing", "Thing", "Thing", {{"force", "even if it is used", true}})});
  routes.push_back({.method = Method::get,
                    .path = "/v1/stream",
                    .access = Access::anyone,
                    .docs = docs<void, void>("stream", "Things", "Watch"),
                    .streams = true});
  routes.push_back({.method = Method::put, .path = "/v1/text", .docs = docs<void, void>("put_text", "Things", "Put")});
  routes.back().docs.request_type = "application/yaml";
  routes.back().docs.response_type = "text/plain";
  const json::value api = make_openapi(routes, "1.2.3");
  EXPECT_EQ(api.at("openapi"), "3.1.0");
  const json::value& update = api.at("paths").at("/v1/things/{id}").at("post");
  EXPECT_EQ(update.at("operationId"), "update_thing");
  EXPECT_EQ(update.at("parameters").at(0).at("name"), "id");
  EXPECT_EQ(update.at("parameters").at(0).at("in"), "path");
  EXPECT_EQ(update.at("parameters").at(1).at("name"), "force");
  EXPECT_EQ(update.at("requestBody").at("content").at("application/json").at("schema").at("$ref"), "#/components/schemas/Thing");
  EXPECT_TRUE(api.at("components").at("schemas").at("Thing").at("properties").as_object().contains("size"));
  EXPECT_TRUE(api.at("components").at("schemas").as_object().contains("Problem"));
  EXPECT_EQ(api.at("security").as_array().size(), 2u);
  EXPECT_EQ(api.at("components").at("securitySchemes").at("bearer").at("scheme"), "bearer");
  const json::value& text = api.at("paths").at("/v1/text").at("put");
  EXPECT_TRUE(text.at("requestBody").at("content").as_object().contains("application/yaml"));
  EXPECT_TRUE(text.at("responses").at("2XX").at("content").as_object().contains("text/plain"));
  const json::value& stream = api.at("paths").at("/v1/stream").at("get");
  EXPECT_TRUE(stream.at("responses").at("2XX").at("content").as_object().contains("text/event-stream"));
  EXPECT_TRUE(stream.at("security").as_array().empty());
}

}  // namespace
}  // namespace bridge
