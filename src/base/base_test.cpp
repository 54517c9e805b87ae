#include <gtest/gtest.h>

#include <set>

#include "base/call_context.h"
#include "base/ids.h"
#include "base/text.h"
#include "base/time.h"

namespace bridge {
namespace {

TEST(Time, ReadsWhatItWritesAndOffsets) {
  for (const char* text : {"2026-08-01T10:00:00Z", "1969-12-31T23:59:59.000001Z", "2024-02-29T00:00:00Z"}) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(format_time(*time), text);
  }
  EXPECT_EQ(format_time(*parse_time("2026-08-01T10:00:00+02:00")), "2026-08-01T08:00:00Z");
  EXPECT_EQ(format_time(*parse_time("2026-08-01")), "2026-08-01T00:00:00Z");
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text : {"", "x", "2026-13-01", "2026-02-30", "2026-08-01T25:00:00Z", "2026-08-01T10:00:00", "2026-08-01T10:00:00Zx"})
    EXPECT_FALSE(parse_time(text).has_value()) << text;
}

TEST(Text, ReadsBytesAndDurations) {
  EXPECT_EQ(parse_bytes("50MB"), 50'000'000u);
  EXPECT_EQ(parse_bytes("256MiB"), 268'435'456u);
  EXPECT_EQ(parse_bytes("12"), 12u);
  EXPECT_EQ(parse_bytes("many"), std::nullopt);
  EXPECT_EQ(parse_bytes("-1"), std::nullopt);
  EXPECT_EQ(parse_duration_ms("30s"), 30'000);
  EXPECT_EQ(parse_duration_ms("24h"), 86'400'000);
  EXPECT_EQ(format_bytes(1'480'000), "1.5 MB");
  EXPECT_EQ(format_bytes(100'000'000), "100 MB");
  EXPECT_EQ(format_bytes(999), "999 bytes");
  EXPECT_EQ(format_count(1234567), "1,234,567");
}

TEST(Text, SuggestsTheNearestNameOnlyWhenItIsNear) {
  const std::vector<std::string> names{"delay", "carrier", "flights"};
  EXPECT_EQ(nearest_name("dealy", names), "delay");
  EXPECT_EQ(nearest_name("Delay", names), "delay");
  EXPECT_EQ(nearest_name("xyzzy", names), std::nullopt);
}

TEST(Text, CountsEditsInCharactersAndNotInBytes) {
  const std::vector<std::string> names{"収入", "продажи", "______"};
  EXPECT_EQ(nearest_name("продажа", names), "продажи");
  EXPECT_EQ(nearest_name("支出", names), std::nullopt) << "every character differs, though the bytes of one are near";
  EXPECT_EQ(nearest_name("مبيعات", names), std::nullopt);
}

TEST(Text, CountsWhatPeopleTypeInCharacters) {
  EXPECT_EQ(count_characters("héllo 🎉"), 7u);
  EXPECT_EQ(too_long_message("A team's name", 1'000, 1'200), "A team's name may have at most 1,000 characters; this one has 1,200");
}

TEST(Text, MarksWhatIsNotUtf8AndLeavesTheRest) {
  EXPECT_EQ(to_valid_utf8("héllo 🎉"), "héllo 🎉");
  EXPECT_EQ(to_valid_utf8("caf\xC3' is not"), "caf\xEF\xBF\xBD' is not");
  EXPECT_EQ(to_valid_utf8("\xE2\x82"), "\xEF\xBF\xBD");
}

TEST(Text, MakesSlugs) {
  EXPECT_EQ(make_slug("  How did Émile's flights go?  "), "how-did-miles-flights-go");
  EXPECT_EQ(make_slug("???"), "");
  EXPECT_TRUE(is_slug("a-1"));
  EXPECT_FALSE(is_slug("A"));
  EXPECT_FALSE(is_slug("../x"));
}

TEST(Text, TellsValidUtf8) {
  EXPECT_TRUE(is_valid_utf8("héllo 🎉"));
  EXPECT_FALSE(is_valid_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));
}

TEST(Text, Base64UrlGoesBothWays) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\x00"}) EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
  EXPECT_EQ(decode_base64url("a+b"), std::nullopt);
}

TEST(Ids, AreUniqueValidAndInOrder) {
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = make_uuid();
    ASSERT_TRUE(is_uuid(id)) << id;
    ASSERT_LT(last, id);
    last = id;
  }
}

TEST(CallContext, ChecksDeadlineAndCancellation) {
  CallContext context;
  EXPECT_TRUE(context.check().has_value());
  EXPECT_EQ(context.with_timeout(std::chrono::milliseconds{-1}).check().error().code, ErrorCode::deadline_exceeded);
  std::stop_source source;
  context.stop = source.get_token();
  source.request_stop();
  EXPECT_EQ(context.check().error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace bridge
