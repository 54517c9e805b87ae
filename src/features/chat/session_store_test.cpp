#include "features/chat/session_store.h"

#include <gtest/gtest.h>

#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

struct Directory {
  Directory() {
    EXPECT_TRUE(migrate_up(*database));
    for (const char* team : {"t", "other"}) {
      EXPECT_TRUE(database->transact({}, [&](Transaction& transaction) -> Result<> {
        TRY(transaction.execute("INSERT INTO teams (id, name, slug, created_at, updated_at) VALUES (:p1, :p1, :p1, 0, 0)",
                                {std::string(team)}));
        return {};
      }));
    }
  }
  std::shared_ptr<Database> database = *open_sqlite(":memory:");
  std::shared_ptr<SessionManifestStore> sessions = make_session_store(database);
};

SessionManifest manifest() {
  return {.id = SessionId("s"),
          .team_id = TeamId("t"),
          .provider_name = "rules",
          .model = "rules-1",
          .title = "late?",
          .created_at = Time{},
          .gcs_log_path = "file:///lake/sessions/t/s/"};
}

TEST(SessionStore, KeepsAManifestAndWhatBecomesOfIt) {
  Directory directory;
  SessionManifest session = manifest();
  const auto created = directory.sessions->create({}, session);
  ASSERT_TRUE(created) << created.error().detail;
  session.status = SessionStatus::completed;
  session.total_tokens = 1'234;
  session.ended_at = Time(std::chrono::microseconds{5});
  ASSERT_TRUE(directory.sessions->update({}, TeamScope(TeamId("t")), session));
  const auto read = directory.sessions->get({}, TeamScope(TeamId("t")), session.id);
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(session));
}

TEST(SessionStore, ListsTheSessionsOfOnePerson) {
  Directory directory;
  for (const char* person : {"key:a", "key:b", "key:a"}) {
    SessionManifest session = manifest();
    session.id = SessionId::make();
    session.person_id = UserId(person);
    ASSERT_TRUE(directory.sessions->create({}, session));
  }
  const auto of = [&](const char* person) {
    return directory.sessions->list({}, TeamScope(TeamId("t")), UserId(person), SessionId(), 10)->size();
  };
  EXPECT_EQ(of("key:a"), 2u);
  EXPECT_EQ(of("key:b"), 1u);
  EXPECT_EQ(of("key:c"), 0u);
}

TEST(SessionStore, NeitherShowsNorChangesAnotherTeamsSession) {
  Directory directory;
  ASSERT_TRUE(directory.sessions->create({}, manifest()));
  EXPECT_EQ(directory.sessions->get({}, TeamScope(TeamId("other")), SessionId("s")).error().code, ErrorCode::not_found);
  EXPECT_EQ(directory.sessions->update({}, TeamScope(TeamId("other")), manifest()).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace bridge
