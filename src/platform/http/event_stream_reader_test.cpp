#include "platform/http/event_stream_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace bridge {
namespace {

using Events = std::vector<ServerSentEvent>;

bool same(const Events& a, const Events& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.event == y.event && x.data == y.data && x.id == y.id; });
}

Events read_pieces(const std::vector<std::string_view>& pieces) {
  EventStreamReader reader;
  Events all;
  for (const std::string_view piece : pieces) {
    EXPECT_TRUE(reader.feed(piece, [&](const ServerSentEvent& event) -> Result<> {
      all.push_back(event);
      return {};
    }));
  }
  return all;
}

const std::vector<std::string> kStreams{
    "event: token\ndata: {\"text\":\"hi\"}\n\n: comment\n\ndata: a\ndata:b\ndata\nid: 7\n\ndata: x\n\n",
    "event: token\r\ndata: one\r\n\r\ndata: two\r\n\r\n",
    "event: token\rdata: one\r\rdata: two\r\r",
    "\xEF\xBB\xBF"
    "data: bom\n\nretry: 10\nevent: lost\n\ndata:  two spaces\n\ndata: not ended",
    "\xEF\xBB\xBF\ndata: after an empty line\r\n\ndata: mixed\n\r\n",
};

TEST(EventStreamReader, ReadsEventsWithNamesIdsAndSeveralDataLines) {
  const Events events = read_pieces({kStreams[0]});
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].event, "token");
  EXPECT_EQ(events[0].data, "{\"text\":\"hi\"}");
  EXPECT_EQ(events[1].event, "message");
  EXPECT_EQ(events[1].data, "a\nb\n");
  EXPECT_EQ(events[1].id, "7");
  EXPECT_EQ(events[2].id, "7");
}

TEST(EventStreamReader, TakesAllLineEndsAndLeavesOutWhatIsNoEvent) {
  EXPECT_EQ(read_pieces({kStreams[1]}).size(), 2u);
  EXPECT_EQ(read_pieces({kStreams[2]}).size(), 2u);
  const Events events = read_pieces({kStreams[3]});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].data, "bom");
  EXPECT_EQ(events[1].data, " two spaces");
  EXPECT_EQ(events[1].event, "message");
}

TEST(EventStreamReader, GivesTheSameEventsForEverySplit) {
  for (const std::string& stream : kStreams) {
    const Events whole = read_pieces({stream});
    const std::string_view view = stream;
    for (std::size_t at = 0; at <= view.size(); ++at)
      EXPECT_TRUE(same(whole, read_pieces({view.substr(0, at), view.substr(at)}))) << at << ' ' << stream;
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < view.size(); ++i) bytes.push_back(view.substr(i, 1));
    EXPECT_TRUE(same(whole, read_pieces(bytes))) << stream;
  }
}

TEST(EventStreamReader, RefusesAnEventOverTheLimit) {
  EventStreamReader reader(100);
  const auto ignore = [](const ServerSentEvent&) -> Result<> { return {}; };
  EXPECT_TRUE(reader.feed("data: " + std::string(50, 'x') + "\n", ignore).has_value());
  const auto result = reader.feed("data: " + std::string(60, 'x') + "\n", ignore);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::payload_too_large);
}

TEST(EncodeEvent, IsReadBackAsItWas) {
  for (const std::string data : {"", "one", "one\ntwo", "\n", "a\n\nb\n", "trailing\n"}) {
    const Events events = read_pieces({encode_event("name", data, "5")});
    ASSERT_EQ(events.size(), 1u) << data;
    EXPECT_EQ(events[0].event, "name");
    EXPECT_EQ(events[0].data, data);
    EXPECT_EQ(events[0].id, "5");
  }
}

TEST(EncodeEvent, CannotBeMadeToInjectAnEvent) {
  const Events events = read_pieces({encode_event("name\ndata: x\n\nevent: y", "a\r\n\r\nevent: z", "1\n\n2")});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].event, "name");
  EXPECT_EQ(events[0].data, "a\n\nevent: z");
}

}  // namespace
}  // namespace bridge
