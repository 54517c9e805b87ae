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

// Nobody stands between the chat and its provider, so that the chat meets what it throws.
struct Conversation {
  explicit Conversation(std::vector<ScriptedTurn> turns) : provider(std::make_shared<ScriptedProvider>(std::move(turns), true)) {
    EXPECT_TRUE(migrate_up(*database));
    EXPECT_TRUE(database->transact({}, [](Transaction& transaction) -> Result<> {
      TRY(transaction.execute("INSERT INTO teams (id, name, slug, created_at, updated_at) VALUES ('t', 't', 't', 0, 0)", {}));
      return {};
    }));
    EXPECT_TRUE(blocks->add_missing_defaults({}));
    std::string pattern = "/tmp/bridge_chat_XXXXXX";
    folder = mkdtemp(pattern.data());
    lake = std::make_shared<ThrowingLake>(*open_folder_store(folder));
    sessions = make_session_manager(make_session_store(database), lake, clock, SessionWriters::this_process);
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
    id = chat->create(context, {})->session_id;
  }
  ~Conversation() {
    chat.reset();
    std::filesystem::remove_all(folder);
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
  std::shared_ptr<Database> database = *open_sqlite(":memory:");
  std::unique_ptr<PromptBlockService> blocks = make_prompt_block_service(database, clock);
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

}  // namespace
}  // namespace bridge
