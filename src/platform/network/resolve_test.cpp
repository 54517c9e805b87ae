#include "platform/network/resolve.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

TEST(ResolveHost, GivesAddressesAsNumbers) {
  EXPECT_EQ(*resolve_host({}, "127.0.0.1"), std::vector<std::string>{"127.0.0.1"});
  const auto local = resolve_host({}, "localhost");
  ASSERT_TRUE(local);
  for (const std::string& address : *local) EXPECT_TRUE(address == "127.0.0.1" || address == "::1") << address;
}

TEST(ResolveHost, GivesTheAddressThatAnUnusualSpellingMeans) {
  for (const char* written : {"127.1", "0x7f000001", "2130706433", "017700000001"})
    EXPECT_EQ(*resolve_host({}, written), std::vector<std::string>{"127.0.0.1"}) << written;
}

TEST(ResolveHost, SaysWhichHostThereIsNot) {
  const auto none = resolve_host({}, "no-such-host.invalid");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, "host_not_found");
  EXPECT_TRUE(none.error().message.contains("no-such-host.invalid"));
}

TEST(ResolveHost, WaitsNoLongerThanItsCall) {
  std::stop_source gone;
  gone.request_stop();
  CallContext context;
  context.stop = gone.get_token();
  EXPECT_EQ(resolve_host(context, "localhost").error().code, ErrorCode::cancelled);
  EXPECT_EQ(resolve_host(CallContext{}.with_timeout(std::chrono::milliseconds(0)), "localhost").error().code, ErrorCode::deadline_exceeded);
}

}  // namespace
}  // namespace bridge
