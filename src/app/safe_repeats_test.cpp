#include "app/safe_repeats.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

struct Counted {
  int calls = 0;
  std::vector<Route> routes;
  std::function<Result<Response>()> answer = [] { return json_response(json::object{{"n", 1}}, 201); };

  Counted() {
    routes.push_back({.method = Method::post, .path = "/things", .access = Access::editor, .handler = [this](const Request&) {
                        ++calls;
                        return answer();
                      }});
    add_safe_repeats(routes);
  }
  Result<Response> post(std::string body, std::string key, std::string team = "t") {
    Request request;
    request.method = Method::post;
    request.target = "/things";
    request.body = std::move(body);
    if (!key.empty()) request.headers.emplace_back("idempotency-key", std::move(key));
    request.context.caller.team_id = TeamId(std::move(team));
    return routes[0].handler(request);
  }
};

TEST(SafeRepeats, ARepeatGetsTheFirstAnswerWithoutTheWork) {
  Counted counted;
  const auto first = counted.post("{}", "k");
  const auto again = counted.post("{}", "k");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->status, 201);
  EXPECT_EQ(*again->body[0], *first->body[0]);
  EXPECT_EQ(counted.calls, 1);
}

TEST(SafeRepeats, AnotherBodyUnderTheSameKeyIsRefused) {
  Counted counted;
  ASSERT_TRUE(counted.post("{}", "k").has_value());
  EXPECT_EQ(counted.post("{\"a\":1}", "k").error().reason, "idempotency_key_reused");
}

TEST(SafeRepeats, KeysOfOtherTeamsAndRequestsWithoutKeysAreTheirOwn) {
  Counted counted;
  for (const char* team : {"a", "b"}) ASSERT_TRUE(counted.post("{}", "k", team).has_value());
  ASSERT_TRUE(counted.post("{}", "").has_value());
  ASSERT_TRUE(counted.post("{}", "").has_value());
  EXPECT_EQ(counted.calls, 4);
}

TEST(SafeRepeats, ARefusalIsRepeatedAndAFailureMayBeTriedAgain) {
  Counted counted;
  counted.answer = [] { return fail(ErrorCode::already_exists, "slug_conflict", "taken"); };
  EXPECT_EQ(counted.post("{}", "k").error().reason, "slug_conflict");
  EXPECT_EQ(counted.post("{}", "k")->status, 409);
  counted.answer = [] { return fail(ErrorCode::unavailable, "down"); };
  EXPECT_FALSE(counted.post("{}", "k2").has_value());
  EXPECT_FALSE(counted.post("{}", "k2").has_value());
  EXPECT_EQ(counted.calls, 3);
}

TEST(SafeRepeats, AKeyWhoseHandlerThrewMayBeUsedAgain) {
  Counted counted;
  counted.answer = []() -> Result<Response> { throw std::bad_alloc(); };
  EXPECT_EQ(counted.post("{}", "k").error().reason, "out_of_memory");
  counted.answer = []() -> Result<Response> { throw 7; };
  EXPECT_EQ(counted.post("{}", "k").error().code, ErrorCode::internal);
  counted.answer = [] { return json_response(json::object{{"n", 1}}, 201); };
  const auto again = counted.post("{}", "k");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->status, 201);
  EXPECT_EQ(counted.calls, 3);
}

TEST(SafeRepeats, AKeyOfTheWrongLengthIsRefused) {
  Counted counted;
  EXPECT_EQ(counted.post("{}", std::string(256, 'k')).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bridge
