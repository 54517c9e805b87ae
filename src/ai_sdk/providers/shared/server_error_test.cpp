#include "ai_sdk/providers/shared/server_error.h"

#include <gtest/gtest.h>

#include "ai_sdk/providers/anthropic/anthropic_error.h"
#include "ai_sdk/providers/openai/openai_error.h"

namespace bridge {
namespace {

using std::chrono::milliseconds;
const Time kNow = *parse_time("2026-11-25T10:00:00Z");

std::optional<milliseconds> after(Headers headers) { return read_retry_advice(headers, kNow).after; }

TEST(RetryAdvice, TakesMillisecondsBeforeSecondsBeforeDates) {
  EXPECT_EQ(after({{"retry-after-ms", "1500"}, {"retry-after", "60"}}), milliseconds(1'500));
  EXPECT_EQ(after({{"retry-after", "0"}}), milliseconds(0));
  EXPECT_EQ(after({{"retry-after", "0.5"}}), milliseconds(500));
  EXPECT_EQ(after({{"retry-after", "61"}}), milliseconds(61'000));
  EXPECT_EQ(after({{"retry-after", "86400"}}), milliseconds(86'400'000));
  EXPECT_EQ(after({{"retry-after", "Wed, 25 Nov 2026 10:00:07 GMT"}}), milliseconds(7'000));
  EXPECT_EQ(after({{"retry-after", "Wed, 25 Nov 2026 09:00:00 GMT"}}), milliseconds(0)) << "in the past: now";
}

TEST(RetryAdvice, TakesNonsenseForNothing) {
  for (const char* text : {"", "soon", "-1", "nan", "inf", "1e300", "12 apples", "Wed, 99 Nov 2026 10:00:07 GMT"})
    EXPECT_FALSE(after({{"retry-after", text}})) << text;
  EXPECT_EQ(after({{"retry-after-ms", "?"}, {"retry-after", "2"}}), milliseconds(2'000));
}

TEST(RetryAdvice, LetsTheServerOverruleTheStatus) {
  const auto error = [](int status, const char* should) { return read_anthropic_error(status, {{"x-should-retry", should}}, "{}", kNow); };
  EXPECT_TRUE(is_retryable(error(400, "true")));
  EXPECT_FALSE(is_retryable(error(529, "false")));
  EXPECT_TRUE(is_retryable(error(529, "maybe")));
}

TEST(ServerError, SaysWhoMayTryAgainAndWhoseFaultItIs) {
  const auto read = [](int status) {
    return read_anthropic_error(status, {}, R"({"type":"error","error":{"type":"t","message":"m"}})", kNow);
  };
  for (const int status : {400, 401, 402, 403, 404, 413}) EXPECT_FALSE(is_retryable(read(status))) << status;
  for (const int status : {408, 409, 429, 500, 502, 503, 504, 529}) EXPECT_TRUE(is_retryable(read(status))) << status;
  EXPECT_EQ(read(401).code, ErrorCode::failed_precondition) << "it is the server's key that was refused, not the caller's";
  EXPECT_NE(read(401).message.find("ANTHROPIC_API_KEY"), std::string::npos);
  EXPECT_EQ(read(429).code, ErrorCode::resource_exhausted);
  EXPECT_EQ(read(500).reason, "t");
}

TEST(ServerError, ReadsAnythingThatAProxyMaySend) {
  const Error html = read_openai_error(502, {}, "<html><body>Bad gateway</body></html>", kNow);
  EXPECT_EQ(html.code, ErrorCode::unavailable);
  EXPECT_EQ(html.message.find('<'), std::string::npos);
  EXPECT_EQ(read_openai_error(500, {}, "", kNow).reason, "provider_500");
  EXPECT_EQ(read_openai_error(400, {}, R"({"error":"bad model"})", kNow).message, "openai did not accept the request: bad model");
  EXPECT_EQ(read_openai_error(400, {}, R"({"detail":"no"})", kNow).message, "openai did not accept the request: no");
}

TEST(ServerError, KnowsAConversationThatGrewTooLong) {
  const Error claude = read_anthropic_error(
      400, {},
      R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}})", kNow);
  EXPECT_EQ(claude.reason, "context_overflow");
  const Error gpt = read_openai_error(400, {}, R"({"error":{"message":"too long","code":"context_length_exceeded"}})", kNow);
  EXPECT_EQ(gpt.reason, "context_overflow");
  EXPECT_FALSE(is_retryable(gpt));
}

TEST(ServerError, DoesNotTryAgainWhereAnAccountHasRunOut) {
  EXPECT_FALSE(is_retryable(read_openai_error(429, {}, R"({"error":{"message":"x","code":"insufficient_quota"}})", kNow)));
}

TEST(ServerError, CutsLongMessagesAndControlCharacters) {
  const Error error = make_server_error("anthropic", 500, "k\ne", std::string(10'000, 'x') + "\n", {});
  EXPECT_LT(error.message.size(), 600u);
  EXPECT_EQ(error.reason, "k e");
}

}  // namespace
}  // namespace bridge
