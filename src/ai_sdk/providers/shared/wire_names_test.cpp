#include "ai_sdk/providers/shared/wire_names.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace bridge {
namespace {

constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

Message calls(const std::vector<std::string>& ids) {
  Message message{.role = MessageRole::assistant};
  for (const std::string& id : ids) message.tool_calls.push_back({.id = id, .name = "n", .arguments = {}});
  return message;
}

TEST(WireNames, LeavesWhatMayBeSentAsItIs) {
  EXPECT_EQ(wire_name("run_query"), "run_query");
  WireIds ids;
  ids.begin(calls({"toolu_01NRLabsLyVHZPKxbKvkfSMn", "call-1"}));
  EXPECT_EQ(ids.id_of("toolu_01NRLabsLyVHZPKxbKvkfSMn"), "toolu_01NRLabsLyVHZPKxbKvkfSMn");
  EXPECT_EQ(ids.id_of("call-1"), "call-1");
  EXPECT_TRUE(ids.unchanged());
}

TEST(WireNames, MakesOfAnythingElseSomethingThatMayBeSentAndIsTheSameForNothingElse) {
  std::set<std::string> seen;
  const std::string names[] = {"", " ", "a b", "a.b", "functions.run_query:0", "größe", std::string(65, 'x'), std::string(66, 'x'), "a\nb"};
  for (const std::string& name : names) {
    const std::string sent = wire_name(name);
    EXPECT_FALSE(sent.empty());
    EXPECT_LE(sent.size(), kWireNameBytesMax);
    EXPECT_EQ(sent.find_first_not_of(kAllowed), std::string::npos) << sent;
    EXPECT_TRUE(seen.insert(sent).second) << name;
    EXPECT_EQ(wire_name(name), sent);
  }
  EXPECT_TRUE(wire_name("functions.run_query:0").starts_with("functions_run_query_0_")) << "a model knows it again";
}

TEST(WireNames, GivesEachCallOfAConversationAnIdOfItsOwn) {
  WireIds ids;
  std::set<std::string> seen;
  for (int turn = 0; turn < 3; ++turn) {
    ids.begin(calls({"functions.x:0", "call_0"}));
    for (const char* id : {"functions.x:0", "call_0"}) {
      EXPECT_TRUE(seen.insert(ids.id_of(id)).second) << id << " of turn " << turn;
      EXPECT_LE(ids.id_of(id).size(), kWireIdBytesMax);
    }
    EXPECT_FALSE(ids.unchanged());
  }
}

}  // namespace
}  // namespace bridge
