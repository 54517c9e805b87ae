#include "features/chat/chat_service.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "ai_sdk/testing/scripted_provider.h"
#include "base/guarded.h"
#include "features/chat/session_store.h"
#include "platform/metadata_db/migrations.h"
#include "platform/object_store/object_store.h"

namespace bridge {
namespace {

class RecordingSink final : public EventSink {
 public:
  Result<> send(std::string_view event, std::string_view, std::string_view) override {
    names.emplace_back(event);
    return {};
  }
  std::vector<std::string> names;
};

// A lake that throws at its call number `at`, counted from when it is armed.
class ThrowingLake final : public ObjectStore {
 public:
  explicit ThrowingLake(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}
  Result<Generation> put(const CallContext& context, std::string_view key, std::string_view content, Generation expected) override {
    throw_if_due();
    return inner_->put(context, key, content, expected);
  }
  Result<Object> get(const CallContext& context, std::string_view key) override {
    throw_if_due();
    return inner_->get(context, key);
  }
  Result<> remove(const CallContext& context, std::string_view key, Generation expected) override {
    return inner_->remove(context, key, expected);
  }
  Result<std::vector<ObjectName>> list(const CallContext& context, std::string_view prefix) override {
    throw_if_due();
    return inner_->list(context, prefix);
  }
  std::string url(std::string_view key) const override { return inner_->url(key); }
  void arm(int at) { left_ = at; }
  bool has_thrown() const { return thrown_; }

 private:
  void throw_if_due() {
    if (left_ == 0 || --left_ > 0) return;
    thrown_ = true;
    throw std::bad_alloc();
  }
  std::shared_ptr<ObjectStore> inner_;
  int left_ = 0;
  bool thrown_ = false;
};

// Nobody stands between the chat and its provider, so that the chat meets what it throws. `beside`: the same conversation in another
// process over the same folder and directory.
struct Conversation {
  explicit Conversation(std::vector<ScriptedTurn> turns, const Conversation* beside = nullptr,
                        SessionWriters writers = SessionWriters::this_process)
      : database(beside ? beside->database : *open_sqlite(":memory:")),
        owns(beside == nullptr),
        provider(std::make_shared<ScriptedProvider>(std::move(turns), true)) {
    if (beside) {
      folder = beside->folder;
    } else {
      EXPECT_TRUE(migrate_up(*database));
      EXPECT_TRUE(database->transact({}, [](Transaction& transaction) -> Result<> {
        TRY(transaction.execute("INSERT INTO teams (id, name, slug, created_at, updated_at) VALUES ('t', 't', 't', 0, 0)", {}));
        return {};
      }));
      std::string pattern = "/tmp/bridge_chat_XXXXXX";
      folder = mkdtemp(pattern.data());
    }
    EXPECT_TRUE(blocks->add_missing_defaults({}));
    lake = std::make_shared<ThrowingLake>(*open_folder_store(folder));
    sessions = make_session_manager(make_session_store(database), lake, clock, writers);
    chat = make_chat_service(
        {.providers = providers(),
         .sessions = *sessions,
         .prompt_blocks = *blocks,
         .choose_connection = [](const CallContext&, const ConnectionId&) { return Result<ConnectionId>(ConnectionId()); },
         .on_message =
             [this](const SessionState&, std::string_view) {
               if (std::exchange(message_throws, false)) throw std::runtime_error("a defect");
             }});
    context.caller = {.user_id = UserId(""), .team_id = TeamId("t"), .role = Role::editor};
    id = beside ? beside->id : chat->create(context, {})->session_id;
  }
  ~Conversation() {
    chat.reset();
    if (owns) std::filesystem::remove_all(folder);
  }
  ProviderFactory& providers() {
    factory.emplace(std::vector<std::shared_ptr<ProviderAdapter>>{provider}, "scripted");
    return *factory;
  }

  // The last event of the turn, or the error's reason that it did not begin for.
  std::string say(const std::string& words) {
    Result<ChatTurn> turn = guarded([&] { return chat->start_turn(context, id, {.message = words}); });
    if (!turn) return std::string(reason_of(turn.error()));
    RecordingSink sink;
    chat->run_turn(context, std::move(*turn), sink);
    return sink.names.empty() ? "nothing" : sink.names.back();
  }

  std::shared_ptr<Clock> clock = std::make_shared<FixedClock>(*parse_time("2026-08-01T10:00:00Z"));
  std::shared_ptr<Database> database;
  std::unique_ptr<PromptBlockService> blocks = make_prompt_block_service(database, clock);
  bool owns = true;
  std::string folder;
  std::shared_ptr<ThrowingLake> lake;
  std::unique_ptr<SessionManager> sessions;
  std::shared_ptr<ScriptedProvider> provider;
  std::optional<ProviderFactory> factory;
  bool message_throws = false;
  std::unique_ptr<ChatService> chat;
  CallContext context;
  SessionId id;
};

ScriptedTurn words(std::string text) { return bridge::say(std::move(text)); }

TEST(ChatService, ATurnWhoseProviderThrewEndsWithAnErrorAndTheNextOneRuns) {
  Conversation conversation({{.throws = true}, {.parts = {TextDelta{"half"}}, .throws = true}, words("hello")});
  EXPECT_EQ(conversation.say("one"), "error");
  EXPECT_EQ(conversation.say("two"), "error");
  EXPECT_EQ(conversation.say("three"), "done");
  EXPECT_FALSE(conversation.chat->get(conversation.context, conversation.id)->running);
}

TEST(ChatService, ATurnThatThrewOnItsWayToTheModelEndsWithAnError) {
  Conversation conversation({words("hello")});
  conversation.message_throws = true;
  EXPECT_EQ(conversation.say("one"), "error");
  EXPECT_EQ(conversation.say("two"), "done");
}

TEST(ChatService, WhicheverCallOfTheLakeThrowsTheConversationGoesOn) {
  for (int at = 1; at < 20; ++at) {
    Conversation conversation({words("hello")});
    ASSERT_EQ(conversation.say("one"), "done");
    conversation.lake->arm(at);
    const std::string second = conversation.say("two");
    conversation.lake->arm(0);
    const bool thrown = conversation.lake->has_thrown();
    EXPECT_EQ(second, thrown ? "error" : "done") << at;
    EXPECT_EQ(conversation.say("three"), "done") << at;
    if (!thrown) return;
  }
  FAIL() << "the lake was never called so seldom";
}

TEST(ChatService, ATurnThatIsNeverRunSetsItsConversationFree) {
  Conversation conversation({words("hello")});
  {
    const auto turn = conversation.chat->start_turn(conversation.context, conversation.id, {.message = "never run"});
    ASSERT_TRUE(turn.has_value());
    EXPECT_EQ(conversation.say("meanwhile"), "session_in_use");
  }
  EXPECT_EQ(conversation.say("now"), "done");
}

// What was said, of everybody, as this process has it.
std::vector<std::string> texts_of(Conversation& conversation) {
  std::vector<std::string> texts;
  const auto session = conversation.sessions->load_history(conversation.context, conversation.id);
  EXPECT_TRUE(session.has_value());
  if (!session) return texts;
  for (const Message& message : session->messages) texts.push_back(message.text);
  return texts;
}

TEST(TwoChatServices, GoOnWithEachOthersConversation) {
  Conversation first({words("A1"), words("A3")}, nullptr, SessionWriters::replicas);
  Conversation second({words("A2"), words("A4")}, &first, SessionWriters::replicas);
  EXPECT_EQ(first.say("Q1"), "done");
  EXPECT_EQ(second.say("Q2"), "done");
  EXPECT_EQ(first.say("Q3"), "done");
  EXPECT_EQ(second.say("Q4"), "done");
  const std::vector<std::string> all{"Q1", "A1", "Q2", "A2", "Q3", "A3", "Q4", "A4"};
  EXPECT_EQ(texts_of(first), all);
  EXPECT_EQ(texts_of(second), all);
  EXPECT_EQ(second.provider->seen().back().messages.size(), 7u) << "the model is shown what was said elsewhere";
  EXPECT_EQ(second.chat->get(second.context, first.id)->messages.size(), 8u);

  ASSERT_TRUE(first.chat->end(first.context, first.id).has_value());
  EXPECT_EQ(second.say("Q5"), "session_ended");
}

TEST(TwoChatServices, KeepOneOfTwoTurnsAtOnceAndSayThatTheOtherIsNotKept) {
  Conversation first({words("A1"), words("A2")}, nullptr, SessionWriters::replicas);
  Conversation second({words("B1"), words("B2")}, &first, SessionWriters::replicas);
  auto mine = first.chat->start_turn(first.context, first.id, {.message = "Q of the first"});
  auto theirs = second.chat->start_turn(second.context, second.id, {.message = "Q of the second"});
  ASSERT_TRUE(mine && theirs);
  RecordingSink to_first, to_second;
  first.chat->run_turn(first.context, std::move(*mine), to_first);
  second.chat->run_turn(second.context, std::move(*theirs), to_second);
  EXPECT_EQ(to_first.names.back(), "done");
  EXPECT_EQ(to_second.names.back(), "error");
  EXPECT_EQ(second.say("again"), "done");
  EXPECT_EQ(texts_of(first), (std::vector<std::string>{"Q of the first", "A1", "again", "B2"}));
}

}  // namespace
}  // namespace bridge
