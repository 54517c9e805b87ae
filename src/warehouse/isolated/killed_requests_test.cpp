#include "warehouse/isolated/killed_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bridge::isolated {
namespace {

const Error kKilled{.code = ErrorCode::unsupported, .message = "It crashed", .reason = "query_killed", .retryable = false};

TEST(KilledRequests, LetsARequestKillTwiceAndNoMore) {
  KilledRequests killed;
  EXPECT_TRUE(killed.is_empty());
  EXPECT_TRUE(killed.check("a", {}));
  killed.note("a", kKilled, {});
  EXPECT_TRUE(killed.check("a", {}));
  killed.note("a", kKilled, {});
  const auto refused = killed.check("a", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "query_killed");
  EXPECT_FALSE(is_retryable(refused.error()));
  EXPECT_THAT(refused.error().message, testing::HasSubstr("not run any more"));
  EXPECT_THAT(refused.error().message, testing::HasSubstr("It crashed"));
  EXPECT_TRUE(killed.check("b", {}));
}

TEST(KilledRequests, LetsOneThatWasKilledForTimeTryAgainWithMoreOfIt) {
  using std::chrono::milliseconds;
  KilledRequests killed;
  Error for_time = kKilled;
  for_time.code = ErrorCode::deadline_exceeded;
  for (int i = 0; i < 2; ++i) killed.note("a", for_time, milliseconds(700));
  EXPECT_FALSE(killed.check("a", milliseconds(700)));
  EXPECT_FALSE(killed.check("a", milliseconds(1'300)));
  EXPECT_TRUE(killed.check("a", milliseconds(1'400)));
  EXPECT_TRUE(killed.check("a", {}));
  // What crashes does so however long it may take.
  for (int i = 0; i < 2; ++i) killed.note("b", kKilled, milliseconds(700));
  EXPECT_FALSE(killed.check("b", milliseconds(60'000)));
}

TEST(KilledRequests, TellsRequestsApartByWhoAsksWhatAndOverWhichData) {
  const std::string key = killed_request_key("team", "data", "request");
  EXPECT_EQ(key, killed_request_key("team", "data", "request"));
  for (const std::string& other : {killed_request_key("team2", "data", "request"), killed_request_key("team", "data2", "request"),
                                   killed_request_key("team", "data", "request2"), killed_request_key("teamd", "ata", "request"),
                                   killed_request_key("team", "datar", "equest")})
    EXPECT_NE(key, other);
}

}  // namespace
}  // namespace bridge::isolated
