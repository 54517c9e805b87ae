#include "features/chat/turn_log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "features/chat/limits.h"

namespace bridge {
namespace {

// Keeps what it is sent; its client leaves after `stay` events.
class Sink final : public EventSink {
 public:
  Result<> send(std::string_view event, std::string_view, std::string_view id) override {
    if (stay == 0) return fail(ErrorCode::cancelled, "gone");
    --stay;
    got.push_back(std::string(id) + " " + std::string(event));
    return {};
  }
  int stay = 1'000'000;
  std::vector<std::string> got;
};

TEST(TurnLog, SendsWhatIsBehindAnEventAndGoesOnToTheEnd) {
  TurnLog log(3, "?", true);
  log.append("token", "{}");
  log.append("tool_call", "{}");
  Sink sink;
  std::jthread model([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    log.append("done", "{}");
    log.finish();
  });
  EXPECT_TRUE(log.replay({}, 1, sink));
  EXPECT_EQ(sink.got, (std::vector<std::string>{"3:2 tool_call", "3:3 done"}));
}

TEST(TurnLog, SaysWhenWhatWasMissedIsNoLongerThere) {
  TurnLog log(1, "?", true);
  const std::string large(chat_limits::kTurnEventBytesMax / 2, 'x');
  for (int i = 0; i < 4; ++i) log.append("token", large);
  log.finish();
  Sink sink;
  EXPECT_EQ(log.replay({}, 0, sink).error().reason, "resume_gone");
  EXPECT_TRUE(log.replay({}, 3, sink));
  EXPECT_LE(log.bytes(), chat_limits::kTurnEventBytesMax + large.size());
}

TEST(TurnLogs, StopATurnThatGoesOnAloneOnceItsCallerMayNoLongerAsk) {
  std::atomic<bool> may_ask = true;
  TurnLogs logs([&](const Caller& caller) -> Result<> {
    if (caller.credential_id == "key:k" && !may_ask) return fail(ErrorCode::unauthenticated, "revoked");
    return {};
  });
  const auto begin = [&](const char* session, const char* credential) {
    Caller caller;
    caller.credential_id = credential;
    return *logs.begin(SessionId(session), 1, "?", true, caller);
  };
  const auto mine = begin("a", "key:k"), other = begin("b", "key:other");
  mine->client_gone();
  other->client_gone();
  std::this_thread::sleep_for(chat_limits::kGraceCheckEvery * 2);
  EXPECT_FALSE(mine->stop_token().stop_requested());
  may_ask = false;
  for (int i = 0; i < 100 && !mine->stop_token().stop_requested(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(mine->stop_token().stop_requested());
  EXPECT_FALSE(other->stop_token().stop_requested());
}

TEST(TurnLog, StopsATurnWhoseClientLeftUnlessItWasAskedToWait) {
  TurnLog hasty(1, "?", false);
  hasty.client_gone();
  EXPECT_TRUE(hasty.stop_token().stop_requested());
  TurnLog patient(1, "?", true);
  patient.client_gone();
  EXPECT_FALSE(patient.stop_token().stop_requested());
  const auto now = CallContext::Clock::now();
  patient.stop_if_forgotten(now + chat_limits::kGraceTime / 2);
  EXPECT_FALSE(patient.stop_token().stop_requested()) << "not yet";
  patient.stop_if_forgotten(now + chat_limits::kGraceTime * 2);
  EXPECT_TRUE(patient.stop_token().stop_requested());
}

TEST(TurnLog, StopsReadingWhenTheReaderLeaves) {
  TurnLog log(1, "?", true);
  log.append("token", "{}");
  log.append("token", "{}");
  Sink sink;
  sink.stay = 1;
  EXPECT_EQ(log.replay({}, 0, sink).error().code, ErrorCode::cancelled);
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  std::jthread leaving([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  Sink waiting;
  EXPECT_EQ(log.replay(context, 2, waiting).error().code, ErrorCode::cancelled);
}

TEST(TurnLogs, LetsASessionHaveOneTurnAtATime) {
  TurnLogs logs;
  const SessionId session("s");
  const auto first = logs.begin(session, 1, "?", false);
  ASSERT_TRUE(first);
  EXPECT_EQ(logs.begin(session, 1, "?", false).error().reason, "session_in_use");
  EXPECT_TRUE(logs.begin(SessionId("other"), 1, "?", false));
  logs.end(session, *first);
  EXPECT_EQ(logs.find(session), *first) << "its events are still there for who missed them";
  EXPECT_TRUE(logs.begin(session, 2, "?", false));
}

TEST(TurnLogs, ATurnThatEndsIsNotMixedUpWithTheNextOneOfItsSession) {
  TurnLogs logs;
  const SessionId session("s");
  const auto first = logs.begin(session, 1, "?", false);
  ASSERT_TRUE(first);
  logs.end(session, *first);
  const auto second = logs.begin(session, 2, "?", false);
  ASSERT_TRUE(second);
  for (std::size_t i = 0; i <= chat_limits::kFinishedTurnsMax; ++i) {
    const SessionId other(std::to_string(i));
    logs.end(other, *logs.begin(other, 1, "?", false));
  }
  EXPECT_EQ(logs.find(session), *second) << "what is under way is not forgotten";
}

TEST(TurnLogs, ForgetsTheOldestTurnsThatHaveEnded) {
  TurnLogs logs;
  for (std::size_t i = 0; i < chat_limits::kFinishedTurnsMax + 10; ++i) {
    const SessionId session(std::to_string(i));
    const auto log = logs.begin(session, 1, "?", false);
    ASSERT_TRUE(log);
    logs.end(session, *log);
  }
  EXPECT_EQ(logs.find(SessionId("0")), nullptr);
  EXPECT_NE(logs.find(SessionId("265")), nullptr);
}

TEST(TurnLogs, WaitsForNobodyWhenTheProcessEnds) {
  TurnLogs logs;
  const auto log = logs.begin(SessionId("s"), 1, "?", true);
  ASSERT_TRUE(log);
  logs.shut_down();
  EXPECT_TRUE((*log)->stop_token().stop_requested());
}

}  // namespace
}  // namespace bridge
