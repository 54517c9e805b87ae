#include "ai_sdk/core/session_manager.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "ai_sdk/core/orchestrator.h"
#include "ai_sdk/testing/scripted_provider.h"

namespace bridge {
namespace {

// Manifests in memory: the directory's own are tested where they are.
class MapManifests final : public SessionManifestStore {
 public:
  Result<> create(const CallContext&, const SessionManifest& manifest) override {
    manifests[manifest.id] = manifest;
    return {};
  }
  Result<SessionManifest> get(const CallContext&, const TeamScope& team, const SessionId& id) override {
    const auto found = manifests.find(id);
    if (found == manifests.end() || found->second.team_id != team.team_id()) return fail(ErrorCode::not_found, "There is no such session");
    return found->second;
  }
  Result<std::vector<SessionManifest>> list(const CallContext&, const TeamScope& team, const UserId& user, const SessionId& before,
                                            int limit) override {
    std::vector<SessionManifest> out;
    for (auto manifest = manifests.rbegin(); manifest != manifests.rend() && out.size() < static_cast<std::size_t>(limit); ++manifest) {
      const SessionManifest& one = manifest->second;
      if (one.team_id == team.team_id() && one.person_id == user && (before.empty() || one.id < before)) out.push_back(one);
    }
    return out;
  }
  Result<> update(const CallContext&, const TeamScope&, const SessionManifest& manifest) override {
    manifests[manifest.id] = manifest;
    return {};
  }
  std::map<SessionId, SessionManifest> manifests;
};

struct Keeping {
  Keeping() {
    std::string pattern = "/tmp/bridge_sessions_XXXXXX";
    folder = mkdtemp(pattern.data());
    lake = *open_folder_store(folder);
    sessions = make_session_manager(manifests, lake, make_system_clock(), SessionWriters::replicas);
    context.caller = {.user_id = UserId("u"), .team_id = TeamId("t"), .role = Role::editor};
  }
  ~Keeping() { std::filesystem::remove_all(folder); }

  SessionState begin() {
    auto session =
        sessions->create_session(context, {.provider = "scripted",
                                           .model = "script-1",
                                           .title = "Which carriers run late?",
                                           .prompt_blocks = {{.name = "tone", .version = 3, .content = "Be brief.", .cache = true}}});
    EXPECT_TRUE(session);
    return *session;
  }

  std::string folder;
  std::shared_ptr<MapManifests> manifests = std::make_shared<MapManifests>();
  std::shared_ptr<ObjectStore> lake;
  std::unique_ptr<SessionManager> sessions;
  CallContext context;
};

TEST(SessionManager, BringsBackTheWholeConversationAndItsFrozenBlocks) {
  Keeping keeping;
  SessionState session = keeping.begin();
  for (int turn = 0; turn < 12; ++turn) {  // more than ten: object names do not sort as numbers do
    session.messages.push_back({.role = MessageRole::user, .text = str("question ", turn)});
    session.messages.push_back({.role = MessageRole::assistant,
                                .text = "“answer”\n",
                                .tool_calls = {{.id = "a", .name = "look", .arguments = {{"deep", json::object{{"n", 1.5}}}}}}});
    session.messages.push_back(
        {.role = MessageRole::tool, .tool_results = {{.call_id = "a", .name = "look", .ok = false, .content = {{"x", nullptr}}}}});
    session.totals.input_tokens += 10;
    ASSERT_TRUE(keeping.sessions->append_turn(keeping.context, session));
  }
  const auto loaded = keeping.sessions->load_history(keeping.context, session.id);
  ASSERT_TRUE(loaded) << describe_error(loaded.error()) << loaded.error().detail;
  EXPECT_EQ(to_json(loaded->messages), to_json(session.messages));
  EXPECT_EQ(to_json(*loaded->prompt_blocks), to_json(*session.prompt_blocks));
  EXPECT_EQ(loaded->totals.input_tokens, 120);
  EXPECT_EQ(keeping.manifests->manifests[session.id].total_tokens, 120);
}

TEST(SessionManager, KeepsHowEachTurnEnded) {
  Keeping keeping;
  SessionState session = keeping.begin();
  session.messages.push_back({.role = MessageRole::user, .text = "first"});
  ASSERT_TRUE(keeping.sessions->append_turn(keeping.context, session, TurnEnd{"error", {{"code", "step_limit"}}}));
  session.messages.push_back({.role = MessageRole::user, .text = "second"});
  ASSERT_TRUE(keeping.sessions->append_turn(keeping.context, session));
  const auto loaded = keeping.sessions->load_history(keeping.context, session.id);
  ASSERT_TRUE(loaded) << describe_error(loaded.error());
  ASSERT_EQ(loaded->ends.size(), 2u);
  ASSERT_TRUE(loaded->ends[0]);
  EXPECT_EQ(loaded->ends[0]->event, "error");
  EXPECT_EQ(loaded->ends[0]->data.at("code").as_string(), "step_limit");
  EXPECT_FALSE(loaded->ends[1]) << "nobody said";
}

TEST(SessionManager, KeepsATurnWhoseCallerHasGone) {
  Keeping keeping;
  SessionState session = keeping.begin();
  session.messages.push_back({.role = MessageRole::user, .text = "hello"});
  std::stop_source stop;
  stop.request_stop();
  CallContext gone = keeping.context;
  gone.stop = stop.get_token();
  gone.deadline = CallContext::Clock::now();
  EXPECT_TRUE(keeping.sessions->append_turn(gone, session));
}

TEST(SessionManager, LetsOnlyOneOfTwoStreamsGoOn) {
  Keeping keeping;
  SessionState one = keeping.begin();
  SessionState other = one;
  one.messages.push_back({.role = MessageRole::user, .text = "first"});
  other.messages.push_back({.role = MessageRole::user, .text = "second"});
  ASSERT_TRUE(keeping.sessions->append_turn(keeping.context, one));
  const auto refused = keeping.sessions->append_turn(keeping.context, other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(reason_of(refused.error()), "session_in_use");
}

TEST(SessionManager, ClosesCallsThatACrashLeftOpen) {
  Keeping keeping;
  SessionState session = keeping.begin();
  session.messages.push_back({.role = MessageRole::user, .text = "go"});
  session.messages.push_back({.role = MessageRole::assistant, .tool_calls = {{.id = "a", .name = "look"}}});
  ASSERT_TRUE(keeping.sessions->append_turn(keeping.context, session));
  const auto loaded = keeping.sessions->load_history(keeping.context, session.id);
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->messages.size(), 3u);
  EXPECT_FALSE(loaded->messages.back().tool_results.at(0).ok);
}

TEST(SessionManager, ShowsASessionToNobodyButItsOwner) {
  Keeping keeping;
  const SessionState session = keeping.begin();
  CallContext colleague = keeping.context;
  colleague.caller.user_id = UserId("v");
  EXPECT_EQ(keeping.sessions->load_history(colleague, session.id).error().code, ErrorCode::not_found);
  CallContext stranger = keeping.context;
  stranger.caller.team_id = TeamId("other");
  EXPECT_EQ(keeping.sessions->get_session(stranger, session.id).error().code, ErrorCode::not_found);
}

TEST(SessionManager, EndsASessionOnce) {
  Keeping keeping;
  SessionState session = keeping.begin();
  ASSERT_TRUE(keeping.sessions->end_session(keeping.context, session, SessionStatus::completed));
  EXPECT_TRUE(keeping.manifests->manifests[session.id].ended_at);
  EXPECT_EQ(reason_of(keeping.sessions->end_session(keeping.context, session, SessionStatus::failed).error()), "session_ended");
}

TEST(SessionManager, SaysThatADamagedTranscriptIsDamaged) {
  Keeping keeping;
  const SessionState session = keeping.begin();
  ASSERT_TRUE(keeping.lake->put(keeping.context, str("sessions/t/", session.id.value(), "/1.jsonl"), "{\"message\":", 0));
  const auto loaded = keeping.sessions->load_history(keeping.context, session.id);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::data_loss);
}

TEST(SessionManager, HandsOutWhatItRemembersOnceAndToItsOwnerAlone) {
  Keeping keeping;
  SessionState session = keeping.begin();
  const SessionId id = session.id;
  session.title = "only in memory";
  keeping.sessions->give_back(std::move(session));
  CallContext other = keeping.context;
  other.caller.user_id = UserId("somebody else");
  EXPECT_EQ(keeping.sessions->take_session(other, id).error().code, ErrorCode::not_found);
  EXPECT_EQ(keeping.sessions->take_session(keeping.context, id)->title, "only in memory");
  EXPECT_EQ(keeping.sessions->take_session(keeping.context, id)->title, "Which carriers run late?") << "the second time it is read";
}

TEST(SessionManager, DoesNotTrustItsMemoryWhenSomebodyElseHasGoneOn) {
  Keeping keeping;
  SessionState session = keeping.begin();
  const SessionId id = session.id;
  const auto elsewhere = make_session_manager(keeping.manifests, keeping.lake, make_system_clock(), SessionWriters::replicas);
  SessionState theirs = *elsewhere->load_history(keeping.context, id);
  theirs.messages.push_back({.text = "said elsewhere"});
  ASSERT_TRUE(elsewhere->append_turn(keeping.context, theirs));
  keeping.sessions->give_back(std::move(session));
  const auto taken = keeping.sessions->take_session(keeping.context, id);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->messages.size(), 1u);
}

TEST(SessionManager, TrustsItsMemoryWhenItIsTheOnlyWriter) {
  Keeping keeping;
  const auto alone = make_session_manager(keeping.manifests, keeping.lake, make_system_clock(), SessionWriters::this_process);
  SessionState session = keeping.begin();
  const SessionId id = session.id;
  const std::string next = str("sessions/", session.team_id.value(), "/", id.value(), "/1.jsonl");
  alone->give_back(std::move(session));
  ASSERT_TRUE(keeping.lake->put(keeping.context, next, "nobody reads this", 0));
  EXPECT_TRUE(alone->take_session(keeping.context, id));
}

TEST(SessionManager, KeepsEqualPromptBlocksOnce) {
  Keeping keeping;
  EXPECT_EQ(keeping.begin().prompt_blocks.get(), keeping.begin().prompt_blocks.get());
}

}  // namespace
}  // namespace bridge
