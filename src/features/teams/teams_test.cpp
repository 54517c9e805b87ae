#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <thread>

#include "base/person.h"
#include "features/teams/api_key.h"
#include "features/teams/audit.h"
#include "features/teams/guess_limiter.h"
#include "features/teams/limits.h"
#include "features/teams/team_authenticator.h"
#include "features/teams/team_store.h"
#include "features/teams/teams_endpoints.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

// A directory in memory, a key of its own, a clock that stands still. `beside`: another process over its folder and directory.
struct Workspace {
  std::string folder;
  bool owns = true;
  std::shared_ptr<Database> database;
  std::shared_ptr<KeyService> keys;
  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(*parse_time("2026-08-01T10:00:00Z"));
  std::shared_ptr<TeamService> teams;
  std::shared_ptr<Authenticator> authenticator;

  explicit Workspace(const Workspace* beside = nullptr) : owns(beside == nullptr) {
    if (beside) {
      folder = beside->folder;
      database = beside->database;
    } else {
      std::string pattern = "/tmp/bridge_teams_XXXXXX";
      folder = mkdtemp(pattern.data());
      database = *open_sqlite(":memory:");
      EXPECT_TRUE(migrate_up(*database).has_value());
    }
    keys = *open_local_keys(folder + "/key", owns);
    teams = make_team_service(database, keys, clock);
    authenticator = make_team_authenticator(teams);
  }
  ~Workspace() {
    if (owns) std::filesystem::remove_all(folder);
  }

  CallContext as_operator() const { return {.caller = {.role = Role::admin, .is_operator = true, .credential_id = "key:operator"}}; }
  CallContext as_admin(const TeamId& team) const {
    return {.caller = {.team_id = team, .role = Role::admin, .credential_id = "key:admin"}};
  }
  Team team(std::string name) const { return *teams->create_team(as_operator(), {.name = std::move(name)}); }
  std::string key(const TeamId& team, Role role) const { return teams->create_key(as_admin(team), {.name = "test", .role = role})->key; }
  std::string operator_key() const { return (*teams->bootstrap_first_start({}))->reveal(); }

  Result<Caller> with(const Headers& headers, Method method = Method::get) const {
    return authenticator->authenticate({.method = method, .headers = headers, .remote_address = "127.0.0.1"});
  }
  Result<Caller> with_key(const std::string& key, const std::string& team = {}) const {
    Headers headers{{"authorization", "Bearer " + key}};
    if (!team.empty()) headers.emplace_back("x-bridge-team", team);
    return with(headers);
  }
  std::int64_t count(std::string_view sql) const {
    return *read_value<std::int64_t>(
        *database, {}, [&](Transaction& transaction) -> Result<std::int64_t> { return read_count(TRY(transaction.query(sql, {}))); });
  }
  Result<Response> call(Method method, std::string_view path, Request request) const {
    for (const Route& route : team_routes(*teams)) {
      if (route.method == method && route.path == path) return route.handler(request);
    }
    return fail(ErrorCode::internal, "no such route");
  }
};

Request json_request(std::string body, CallContext context = {}) {
  return {.method = Method::post,
          .headers = {{"content-type", "application/json"}},
          .body = std::move(body),
          .remote_address = "127.0.0.1",
          .context = std::move(context)};
}

std::string body_of(const Response& response) { return response.body.empty() ? "" : *response.body.front(); }

std::string cookie_of(const Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "set-cookie") return value.substr(0, value.find(';'));
  }
  return {};
}

TEST(ApiKey, HasAPrefixEntropyAndAChecksum) {
  const std::string key = make_api_key().reveal();
  EXPECT_EQ(key.size(), 40u);
  EXPECT_TRUE(key.starts_with("brg_"));
  EXPECT_TRUE(is_api_key(key));
  EXPECT_NE(key, make_api_key().reveal());
  EXPECT_EQ(api_key_prefix(key), key.substr(0, 12));
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string slip = key;
    slip[i] = slip[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(is_api_key(slip)) << i;
  }
  EXPECT_FALSE(is_api_key(""));
  EXPECT_FALSE(is_api_key(key + "0"));
}

TEST(GuessLimiter, LetsAFewSlipsThroughThenOneEveryFewSeconds) {
  GuessLimiter limiter;
  const auto start = GuessLimiter::Clock::now();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(limiter.wait_s("a", start), 0);
    limiter.note_wrong("a", start);
  }
  EXPECT_GT(limiter.wait_s("a", start), 0);
  EXPECT_EQ(limiter.wait_s("b", start), 0);
  EXPECT_EQ(limiter.wait_s("a", start + std::chrono::seconds(3)), 0);
  for (int i = 0; i < 20'000; ++i) limiter.note_wrong(str("address-", i), start);
}

TEST(TeamService, MakesTheOperatorsKeyOnTheFirstStartOnly) {
  const Workspace workspace;
  const auto first = workspace.teams->bootstrap_first_start({});
  ASSERT_TRUE(first.has_value() && *first);
  EXPECT_TRUE(is_api_key((*first)->reveal()));
  EXPECT_FALSE(*workspace.teams->bootstrap_first_start({}));
  const auto caller = workspace.with_key((*first)->reveal());
  ASSERT_TRUE(caller.has_value());
  EXPECT_TRUE(caller->is_operator);
  EXPECT_TRUE(caller->team_id.empty());
}

TEST(TeamService, DerivesSlugsAndRefusesTheSameTwice) {
  const Workspace workspace;
  EXPECT_EQ(workspace.team("Flight Ops!").slug, "flight-ops");
  const auto again = workspace.teams->create_team(workspace.as_operator(), {.name = "flight ops"});
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
  EXPECT_EQ(again.error().reason, "slug_conflict");
  EXPECT_TRUE(is_slug(workspace.team("航空").slug));
  for (const std::string& slug : {std::string("A"), std::string("../x"), std::string(""), std::string(64, 'a')}) {
    EXPECT_EQ(workspace.teams->create_team(workspace.as_operator(), {.name = "x", .slug = slug}).error().code, ErrorCode::invalid_argument)
        << slug;
  }
  EXPECT_EQ(workspace.teams->create_team(workspace.as_operator(), {.name = "  "}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(workspace.teams->ensure_team({}, "flight ops")->name, "Flight Ops!");
  EXPECT_EQ(workspace.teams->ensure_team({}, "demo")->slug, "demo");
}

TEST(TeamService, ShowsATeamOnlyToItsOwn) {
  const Workspace workspace;
  const Team mine = workspace.team("mine"), other = workspace.team("other");
  const CallContext context = workspace.as_admin(mine.id);
  EXPECT_EQ(workspace.teams->list_teams(context, {})->size(), 1u);
  EXPECT_EQ(workspace.teams->list_teams(workspace.as_operator(), {})->size(), 2u);
  EXPECT_TRUE(workspace.teams->get_team(context, mine.id).has_value());
  const Error theirs = workspace.teams->get_team(context, other.id).error(),
              none = workspace.teams->get_team(context, TeamId::make()).error();
  EXPECT_EQ(json::serialize(problem_json(theirs, "c")), json::serialize(problem_json(none, "c")));
}

TEST(TeamService, NeverStoresAKeyOrAToken) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const std::string key = workspace.key(team.id, Role::viewer);
  const Secret link = *workspace.teams->create_link(workspace.as_operator(), {.team_id = team.id});
  const auto session = workspace.teams->open_session({}, {.token = link}, "127.0.0.1");
  ASSERT_TRUE(session.has_value());
  for (const char* table : {"api_keys", "web_sessions", "one_time_links", "audit_events"}) {
    const auto rows = *read_value<std::vector<DbRow>>(
        *workspace.database, {}, [&](Transaction& transaction) { return transaction.query(str("SELECT * FROM ", table), {}); });
    for (const DbRow& row : rows) {
      for (const DbValue& value : row.values) {
        const auto* text = std::get_if<std::string>(&value);
        if (!text) continue;
        EXPECT_EQ(text->find(key.substr(12)), std::string::npos) << table;
        EXPECT_EQ(text->find(link.reveal()), std::string::npos) << table;
        EXPECT_EQ(text->find(session->token.reveal()), std::string::npos) << table;
      }
    }
  }
}

TEST(TeamService, AuditsEveryChangeWithItsActor) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto issued = workspace.teams->create_key(workspace.as_admin(team.id), {.name = "k"});
  ASSERT_TRUE(workspace.teams->revoke_key(workspace.as_admin(team.id), issued->id));
  ASSERT_TRUE(workspace.teams->revoke_key(workspace.as_admin(team.id), issued->id));  // again: no second event
  EXPECT_EQ(workspace.count("SELECT COUNT(*) FROM audit_events WHERE action = 'team.create' AND actor = 'key:operator'"), 1);
  EXPECT_EQ(workspace.count("SELECT COUNT(*) FROM audit_events WHERE action = 'api_key.create' AND actor = 'key:admin'"), 1);
  EXPECT_EQ(workspace.count("SELECT COUNT(*) FROM audit_events WHERE action = 'api_key.revoke'"), 1);
}

TEST(TeamService, LimitsWhatAKeyMayBe) {
  const Workspace workspace;
  const Team team = workspace.team("t"), other = workspace.team("u");
  CallContext editor = workspace.as_admin(team.id);
  editor.caller.role = Role::editor;
  EXPECT_EQ(workspace.teams->create_key(editor, {.name = "k", .role = Role::admin}).error().code, ErrorCode::permission_denied);
  EXPECT_EQ(workspace.teams->create_key(workspace.as_operator(), {.name = "k"}).error().reason, "team_required");
  EXPECT_EQ(workspace.teams->create_key(workspace.as_admin(team.id), {.name = "k", .expires_in_days = -1}).error().code,
            ErrorCode::invalid_argument);
  const auto issued = workspace.teams->create_key(workspace.as_admin(team.id), {.name = "k"});
  EXPECT_EQ(issued->expires_at, workspace.clock->now() + std::chrono::hours(24 * 90));
  EXPECT_FALSE(workspace.teams->create_key(workspace.as_admin(team.id), {.name = "k", .expires_in_days = 0})->expires_at);
  const Error theirs = workspace.teams->revoke_key(workspace.as_admin(other.id), issued->id).error();
  const Error none = workspace.teams->revoke_key(workspace.as_admin(other.id), ApiKeyId::make()).error();
  EXPECT_EQ(json::serialize(problem_json(theirs, "c")), json::serialize(problem_json(none, "c")));
  EXPECT_TRUE(workspace.teams->list_keys(workspace.as_admin(other.id), {})->empty());
  EXPECT_EQ(workspace.teams->list_keys(workspace.as_admin(team.id), {})->size(), 2u);
}

TEST(TeamService, KeepsAtLeastOneOperatorsKey) {
  const Workspace workspace;
  const std::string first = workspace.operator_key();
  const CallContext context = workspace.as_operator();
  const ApiKeyId id = workspace.teams->list_keys(context, {})->front().id;
  EXPECT_EQ(workspace.teams->revoke_key(context, id).error().reason, "last_operator_key");
  const auto second = workspace.teams->create_operator_key(context, "spare");
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(workspace.teams->list_keys(context, {})->size(), 2u);
  EXPECT_EQ(workspace.teams->revoke_key(workspace.as_admin(workspace.team("t").id), id).error().code, ErrorCode::not_found);
  ASSERT_TRUE(workspace.teams->revoke_key(context, id));
  EXPECT_FALSE(workspace.with_key(first).has_value());
  EXPECT_TRUE(workspace.with_key(second->key)->is_operator);
}

TEST(TeamService, LetsALinkInExactlyOnceHoweverManyTry) {
  const Workspace workspace;
  const Secret link = *workspace.teams->create_link({}, {.for_operator = true});
  std::atomic<int> opened = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        if (workspace.teams->open_session({}, {.token = link}, str("10.0.0.", i))) ++opened;
      });
    }
  }
  EXPECT_EQ(opened, 1);
  const Secret late = *workspace.teams->create_link({}, {.for_operator = true});
  workspace.clock->advance(std::chrono::hours(25));
  EXPECT_EQ(workspace.teams->open_session({}, {.token = late}, "a").error().code, ErrorCode::unauthenticated);
}

TEST(Authenticator, GivesEveryKeyItsTeamAndRole) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  for (const Role role : {Role::viewer, Role::editor, Role::admin}) {
    const auto caller = workspace.with_key(workspace.key(team.id, role));
    ASSERT_TRUE(caller.has_value());
    EXPECT_EQ(caller->team_id, team.id);
    EXPECT_EQ(caller->role, role);
    EXPECT_FALSE(caller->is_operator);
    EXPECT_TRUE(caller->credential_id.starts_with("key:"));
  }
}

TEST(Authenticator, AnswersEveryBadCredentialAlike) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto issued = workspace.teams->create_key(workspace.as_admin(team.id), {.name = "k", .expires_in_days = 1});
  const std::string revoked = workspace.key(team.id, Role::viewer);
  const auto keys = *workspace.teams->list_keys(workspace.as_admin(team.id), {});
  ASSERT_TRUE(workspace.teams->revoke_key(workspace.as_admin(team.id), keys.back().id));
  workspace.clock->advance(std::chrono::hours(25));
  const std::string expected = json::serialize(problem_json(workspace.with({}).error(), "c"));
  for (const Headers& headers :
       {Headers{{"authorization", "Bearer " + issued->key}}, Headers{{"authorization", "Bearer " + revoked}},
        Headers{{"authorization", "Bearer " + make_api_key().reveal()}}, Headers{{"authorization", "Bearer brg_x"}},
        Headers{{"authorization", "Basic eA=="}}, Headers{{"authorization", "Bearer"}},
        Headers{{"authorization", "Bearer " + std::string(9'000, 'x')}}, Headers{{"cookie", "bridge_session=" + make_token().reveal()}},
        Headers{{"cookie", "bridge_session="}}, Headers{{"cookie", "x=y"}}}) {
    const auto caller = workspace.with(headers);
    ASSERT_FALSE(caller.has_value());
    EXPECT_EQ(caller.error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(json::serialize(problem_json(caller.error(), "c")), expected);
  }
}

TEST(Authenticator, SlowsGuessesDownWithoutAskingTheDatabaseForNonsense) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const std::string good = workspace.key(team.id, Role::viewer);
  ASSERT_TRUE(workspace.with_key(good).has_value());
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    const auto caller = workspace.with_key(i % 2 ? make_api_key().reveal() : "brg_nonsense");
    if (caller.error().code != ErrorCode::resource_exhausted) continue;
    ++refused;
    EXPECT_GT(caller.error().retry_after.value_or(std::chrono::milliseconds{}).count(), 0);
  }
  EXPECT_GE(refused, 170);
  EXPECT_TRUE(workspace.with_key(good).has_value());  // one that is known goes on
}

TEST(Authenticator, NoticesARevocationAtOnceAndAnExpiryWithinASecond) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto issued = workspace.teams->create_key(workspace.as_admin(team.id), {.name = "k", .expires_in_days = 1});
  ASSERT_TRUE(workspace.with_key(issued->key).has_value());
  ASSERT_TRUE(workspace.teams->revoke_key(workspace.as_admin(team.id), issued->id));
  EXPECT_FALSE(workspace.with_key(issued->key).has_value());
  const auto brief = workspace.teams->create_key(workspace.as_admin(team.id), {.name = "k", .expires_in_days = 1});
  ASSERT_TRUE(workspace.with_key(brief->key).has_value());
  workspace.clock->advance(std::chrono::hours(25));
  std::this_thread::sleep_for(std::chrono::milliseconds(950));
  EXPECT_FALSE(workspace.with_key(brief->key).has_value());
}

TEST(Authenticator, HidesOtherTeamsAsIfTheyDidNotExist) {
  const Workspace workspace;
  const std::string operator_key = workspace.operator_key();
  const Team team = workspace.team("t");
  EXPECT_EQ(workspace.with_key(operator_key)->team_id, team.id);  // the only one
  const Team other = workspace.team("u");
  const std::string key = workspace.key(team.id, Role::admin);
  EXPECT_EQ(workspace.with_key(key, team.id.value())->team_id, team.id);
  const Error theirs = workspace.with_key(key, other.id.value()).error(), none = workspace.with_key(key, make_uuid()).error();
  EXPECT_EQ(theirs.code, ErrorCode::not_found);
  EXPECT_EQ(json::serialize(problem_json(theirs, "c")), json::serialize(problem_json(none, "c")));
  EXPECT_EQ(workspace.with_key(operator_key, other.id.value())->team_id, other.id);
  EXPECT_TRUE(workspace.with_key(operator_key)->team_id.empty());
  EXPECT_EQ(workspace.with_key(operator_key, make_uuid()).error().code, ErrorCode::not_found);
  const auto by_query = workspace.authenticator->authenticate(
      {.query = {{"team_id", other.id.value()}}, .headers = {{"authorization", "bearer " + operator_key}}});
  EXPECT_EQ(by_query->team_id, other.id);
}

TEST(Authenticator, LetsAPersonChooseAmongTheirTeamsAndNoOther) {
  const Workspace workspace;
  const Team one = workspace.team("one"), two = workspace.team("two"), three = workspace.team("three");
  const UserId user("user-1");
  const Secret token = make_token();
  ASSERT_TRUE(workspace.database->transact({}, [&](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("INSERT INTO users (id, email, name, created_at) VALUES ('user-1', 'a@b.c', 'A', 0)", {}));
    TRY(insert_row(transaction, "team_members", TeamMember{.team_id = one.id, .user_id = user, .role = Role::viewer}));
    TRY(insert_row(transaction, "team_members", TeamMember{.team_id = two.id, .user_id = user, .role = Role::admin}));
    const Time now = workspace.clock->now();
    return insert_row(transaction, "web_sessions",
                      WebSession{.id = WebSessionId::make(),
                                 .token_hash = workspace.keys->fingerprint(token.reveal()),
                                 .user_id = user,
                                 .created_at = now,
                                 .last_seen_at = now,
                                 .expires_at = now + kSessionAgeMax});
  }));
  const auto in = [&](const std::string& team) {
    return workspace.with({{"cookie", "a=b; bridge_session=" + token.reveal()}, {"x-bridge-team", team}});
  };
  EXPECT_TRUE(in("")->team_id.empty());
  EXPECT_EQ(in(one.id.value())->role, Role::viewer);
  EXPECT_EQ(in(two.id.value())->role, Role::admin);
  EXPECT_EQ(in(three.id.value()).error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.teams->get_me({.caller = *in("")})->teams.size(), 2u);
}

TEST(Authenticator, HoldsAPersonsKeyToWhatThePersonMayDoNow) {
  const Workspace workspace;
  const Team team = workspace.team("t"), other = workspace.team("u");
  ASSERT_TRUE(workspace.database->transact({}, [&](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("INSERT INTO users (id, email, name, created_at) VALUES ('user-1', 'a@b.c', 'A', 0)", {}));
    TRY(insert_row(transaction, "team_members", TeamMember{.team_id = other.id, .user_id = UserId("user-1"), .role = Role::admin}));
    return insert_row(transaction, "team_members", TeamMember{.team_id = team.id, .user_id = UserId("user-1"), .role = Role::viewer});
  }));
  CallContext admin = workspace.as_admin(team.id);
  admin.caller.user_id = UserId("user-1");
  const std::string key = workspace.teams->create_key(admin, {.name = "k", .role = Role::admin})->key;
  const auto caller = workspace.with_key(key);
  EXPECT_EQ(caller->role, Role::viewer);
  EXPECT_EQ(workspace.teams->get_me({.caller = *caller})->teams.size(), 1u);
  ASSERT_TRUE(workspace.database->transact({}, [&](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("DELETE FROM team_members WHERE team_id = :p1", {team.id.value()}));
    return {};
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(950));
  EXPECT_EQ(workspace.with_key(key).error().code, ErrorCode::unauthenticated);
}

TEST(Authenticator, RefusesStateChangesWithACookieFromAnotherSite) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto session = workspace.teams->open_session({}, {.key = Secret(workspace.key(team.id, Role::admin))}, "127.0.0.1");
  ASSERT_TRUE(session.has_value());
  const std::string cookie = "bridge_session=" + session->token.reveal();
  const auto post = [&](Headers headers) {
    headers.emplace_back("cookie", cookie);
    headers.emplace_back("host", "127.0.0.1:8080");
    return workspace.with(headers, Method::post);
  };
  EXPECT_TRUE(post({{"sec-fetch-site", "same-origin"}}).has_value());
  EXPECT_TRUE(post({{"sec-fetch-site", "none"}}).has_value());
  EXPECT_TRUE(post({{"origin", "http://127.0.0.1:8080"}}).has_value());
  for (const Headers& headers :
       {Headers{}, Headers{{"sec-fetch-site", "cross-site"}}, Headers{{"sec-fetch-site", "same-site"}}, Headers{{"origin", "null"}},
        Headers{{"origin", "http://evil.example"}}, Headers{{"origin", "http://127.0.0.1:80"}},
        Headers{{"sec-fetch-site", "cross-site"}, {"origin", "http://127.0.0.1:8080"}}}) {
    const auto caller = post(headers);
    ASSERT_FALSE(caller.has_value());
    EXPECT_EQ(caller.error().reason, "cross_site");
  }
  EXPECT_TRUE(workspace.with({{"cookie", cookie}, {"sec-fetch-site", "cross-site"}}).has_value());  // reading changes nothing
  // A key wins over the cookie, and a bad key is not saved by it.
  EXPECT_FALSE(workspace.with({{"cookie", cookie}, {"authorization", "Bearer nonsense"}}).has_value());
}

TEST(Authenticator, TakesACookieFromPagesOfOriginsThatMaySendIt) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto session = workspace.teams->open_session({}, {.key = Secret(workspace.key(team.id, Role::editor))}, "127.0.0.1");
  const auto authenticator = make_team_authenticator(workspace.teams, {"https://app.example"});
  const auto post = [&](std::string origin) {
    return authenticator->authenticate({.method = Method::post,
                                        .headers = {{"cookie", "bridge_session=" + session->token.reveal()},
                                                    {"origin", std::move(origin)},
                                                    {"sec-fetch-site", "same-site"},
                                                    {"host", "bridge.example"}}});
  };
  EXPECT_TRUE(post("https://app.example").has_value());
  EXPECT_EQ(post("https://app.example.evil.example").error().reason, "cross_site");
}

TEST(Authenticator, EndsSessionsWhenIdleOldSignedOutOrWithoutTheirKey) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto open = [&] {
    return "bridge_session=" +
           workspace.teams->open_session({}, {.key = Secret(workspace.key(team.id, Role::editor))}, "127.0.0.1")->token.reveal();
  };
  const auto works = [&](const std::string& cookie) {
    return make_team_authenticator(workspace.teams)
        ->authenticate({.headers = {{"cookie", cookie}}, .remote_address = make_uuid()})
        .has_value();
  };

  const std::string idle = open();
  EXPECT_TRUE(works(idle));
  workspace.clock->advance(std::chrono::hours(13));
  EXPECT_FALSE(works(idle));

  const std::string busy = open();
  const auto id = workspace.with({{"cookie", busy}})->credential_id;
  int hours = 0;
  for (; hours < 200 && works(busy); hours += 10) {
    ASSERT_TRUE(workspace.teams->note_used({id}));
    workspace.clock->advance(std::chrono::hours(10));
  }
  EXPECT_EQ(hours, 170);

  const std::string closed = open();
  EXPECT_TRUE(workspace.with({{"cookie", closed}}).has_value());
  ASSERT_TRUE(workspace.teams->close_session({}, std::string_view(closed).substr(15)));
  EXPECT_FALSE(workspace.with({{"cookie", closed}}).has_value());

  const std::string orphan = open();
  const auto keys = *workspace.teams->list_keys(workspace.as_admin(team.id), {});
  for (const ApiKey& key : keys) ASSERT_TRUE(workspace.teams->revoke_key(workspace.as_admin(team.id), key.id));
  EXPECT_FALSE(works(orphan));
}

TEST(Authenticator, MakesEveryKeyWithoutAUserAPersonOfItsOwn) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const std::string one = workspace.key(team.id, Role::editor), two = workspace.key(team.id, Role::editor);
  const UserId person = workspace.with_key(one)->user_id;
  EXPECT_TRUE(person.value().starts_with("key:"));
  EXPECT_FALSE(is_user(person));
  EXPECT_NE(workspace.with_key(two)->user_id, person);
  EXPECT_NE(workspace.with_key(workspace.operator_key(), team.id.value())->user_id, person);
  // A browser that was signed in with a key is the one whose key it is.
  const auto session = workspace.teams->open_session({}, {.key = Secret(one)}, "127.0.0.1");
  EXPECT_EQ(workspace.with({{"cookie", "bridge_session=" + session->token.reveal()}})->user_id, person);
  EXPECT_FALSE(workspace.teams->get_me({.caller = *workspace.with_key(one)})->user_id) << "it is no user";
}

TEST(Authenticator, SignsTheOperatorInAsWhoMadeTheLinkAndOthersAsSomebodyNew) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto sign_in = [&](const CallContext& context, const NewLink& link) {
    const Secret token = *workspace.teams->create_link(context, link);
    const auto opened = workspace.teams->open_session({}, {.token = token}, "127.0.0.1");
    return workspace.with({{"cookie", "bridge_session=" + opened->token.reveal()}})->user_id;
  };
  const Caller maker = *workspace.with_key(workspace.operator_key());
  EXPECT_EQ(sign_in({.caller = maker}, {.for_operator = true}), maker.user_id);
  EXPECT_EQ(sign_in({}, {.for_operator = true}).value(), kOperatorPerson);
  const UserId guest = sign_in(workspace.as_operator(), {.team_id = team.id});
  EXPECT_TRUE(guest.value().starts_with("session:"));
  EXPECT_NE(sign_in(workspace.as_operator(), {.team_id = team.id}), guest);
}

TEST(Authenticator, TellsWithinASecondThatACallerMayNoLongerAsk) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  struct Watched {
    std::atomic<bool> ended = false;
    std::string reason;
    std::shared_ptr<void> watch;
  };
  const auto watch = [&](const Caller& caller) {
    auto watched = std::make_unique<Watched>();
    watched->watch = workspace.authenticator->watch(caller, [out = watched.get()](const Error& why) {
      out->reason = reason_of(why);
      out->ended = true;
    });
    return watched;
  };
  const auto ends = [](const Watched& watched) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1'000);
    while (!watched.ended && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return watched.ended.load();
  };
  const auto change = [&](std::string_view sql) {
    ASSERT_TRUE(workspace.database->transact({}, [&](Transaction& transaction) -> Result<> {
      TRY(transaction.execute(sql, {}));
      return {};
    }));
  };
  const auto session_of = [&](const std::string& key) {
    return workspace.teams->open_session({}, {.key = Secret(key)}, "127.0.0.1")->token.reveal();
  };

  const Caller stays = *workspace.with_key(workspace.key(team.id, Role::editor));
  const auto undisturbed = watch(stays);

  const Caller revoked = *workspace.with_key(workspace.key(team.id, Role::editor));
  const auto of_revoked = watch(revoked);
  ASSERT_TRUE(workspace.teams->revoke_key(workspace.as_admin(team.id), ApiKeyId(revoked.credential_id.substr(4))));
  EXPECT_TRUE(ends(*of_revoked));
  EXPECT_EQ(of_revoked->reason, "credential_ended");

  const std::string token = session_of(workspace.key(team.id, Role::editor));
  const auto of_session = watch(*workspace.with({{"cookie", "bridge_session=" + token}}));
  ASSERT_TRUE(workspace.teams->close_session({}, token));
  EXPECT_TRUE(ends(*of_session));

  const std::string personal = workspace.key(team.id, Role::editor);
  change("INSERT INTO users (id, email, name, created_at) VALUES ('u', 'u@example.com', 'U', 0)");
  change("UPDATE api_keys SET user_id = 'u' WHERE prefix = '" + personal.substr(0, 12) + "'");
  change("INSERT INTO team_members (team_id, user_id, role, created_at) SELECT id, 'u', 'editor', 0 FROM teams");
  const auto of_member = watch(*workspace.with_key(personal));
  change("UPDATE team_members SET role = 'viewer' WHERE user_id = 'u'");
  EXPECT_TRUE(ends(*of_member));
  EXPECT_EQ(of_member->reason, "role_changed");
  const auto of_viewer = watch(*make_team_authenticator(workspace.teams)
                                    ->authenticate({.headers = {{"authorization", "Bearer " + personal}}, .remote_address = "127.0.0.1"}));
  change("DELETE FROM team_members WHERE user_id = 'u'");
  EXPECT_TRUE(ends(*of_viewer));
  EXPECT_EQ(of_viewer->reason, "credential_ended");

  EXPECT_FALSE(undisturbed->ended);
  workspace.clock->advance(std::chrono::hours(24) * 91);
  EXPECT_TRUE(ends(*undisturbed)) << "its key has expired";
}

TEST(TeamsEndpoints, OpenASessionAndSayWhoTheCallerIs) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const Secret link = *workspace.teams->create_link({}, {.for_operator = true});
  const auto response = workspace.call(Method::post, "/v1/session", json_request(str(R"({"token":")", link.reveal(), R"("})")));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(body_of(*response), str(R"({"user_id":null,"role":"admin","is_operator":true,"team_id":")", team.id.value(),
                                    R"(","teams":[{"id":")", team.id.value(), R"(","name":"t","slug":"t","role":"admin"}]})"));
  const std::string cookie = cookie_of(*response);
  const auto caller = workspace.with({{"cookie", cookie}});
  ASSERT_TRUE(caller.has_value());
  EXPECT_TRUE(caller->is_operator);
  const auto again = workspace.call(Method::post, "/v1/session", json_request(str(R"({"token":")", link.reveal(), R"("})")));
  EXPECT_EQ(again.error().code, ErrorCode::unauthenticated);
  const auto out = workspace.call(Method::delete_, "/v1/session",
                                  {.method = Method::delete_, .headers = {{"cookie", cookie}}, .context = {.caller = *caller}});
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(cookie_of(*out), "bridge_session=");
  EXPECT_FALSE(workspace.with({{"cookie", cookie}}).has_value());
}

TEST(TeamsEndpoints, RefuseEveryWrongBodyBeforeTheDatabaseIsAsked) {
  const Workspace workspace;
  for (const std::string& body :
       {std::string(R"({"token":{"select":1}})"), std::string(R"({"token":["x"]})"), std::string(R"({"token":1})"),
        std::string(R"({"key":true})"), std::string(R"({})"), std::string("null"), std::string("[]"), std::string("{"),
        std::string(R"({"token":"a","token":"b"})"), std::string(R"({"token":"a","role":"admin"})"),
        std::string(R"({"token":"a","key":"b"})"), str(R"({"token":")", std::string(2'000, 'x'), "\"}")}) {
    EXPECT_EQ(workspace.call(Method::post, "/v1/session", json_request(body)).error().code, ErrorCode::invalid_argument) << body;
  }
  EXPECT_FALSE(workspace
                   .call(Method::post, "/v1/session",
                         {.method = Method::post, .headers = {{"content-type", "text/plain"}}, .body = R"({"token":"a"})"})
                   .has_value());
  for (const std::string& body :
       {std::string(R"({"name":1})"), std::string(R"({"name":"x","slug":{}})"), std::string(R"({"name":"x","id":"y"})"),
        std::string(R"({"slug":"x"})"), str(R"({"name":")", std::string(101, 'x'), "\"}")}) {
    EXPECT_EQ(workspace.call(Method::post, "/v1/onboarding/teams", json_request(body, workspace.as_operator())).error().code,
              ErrorCode::invalid_argument)
        << body;
  }
  const Team team = workspace.team("t");
  for (const char* body : {R"({"name":"k","role":"operator"})", R"({"name":"k","role":["admin"]})", R"({"name":"k","team_id":"x"})",
                           R"({"name":"k","expires_in_days":"1"})", R"({"name":"k","expires_in_days":4000})"}) {
    EXPECT_EQ(workspace.call(Method::post, "/v1/keys", json_request(body, workspace.as_admin(team.id))).error().code,
              ErrorCode::invalid_argument)
        << body;
  }
}

TEST(TeamsEndpoints, PageThroughLists) {
  const Workspace workspace;
  for (int i = 0; i < 5; ++i) workspace.team(str("team ", i));
  std::string cursor;
  int seen = 0;
  for (int page = 0; page < 3; ++page) {
    const auto response = workspace.call(Method::get, "/v1/onboarding/teams",
                                         {.query = {{"limit", "2"}, {"cursor", cursor}}, .context = workspace.as_operator()});
    const json::value list = json::parse(body_of(*response));
    seen += static_cast<int>(list.at("items").as_array().size());
    if (list.at("next_cursor").is_null()) break;
    cursor = list.at("next_cursor").as_string().c_str();
  }
  EXPECT_EQ(seen, 5);
  for (const char* limit : {"0", "-1", "1001", "x", ""})
    EXPECT_FALSE(
        workspace.call(Method::get, "/v1/onboarding/teams", {.query = {{"limit", limit}}, .context = workspace.as_operator()}).has_value())
        << limit;
}

TEST(TeamsEndpoints, ShowAKeyOnceAndNeverAgain) {
  const Workspace workspace;
  const Team team = workspace.team("t");
  const auto response =
      workspace.call(Method::post, "/v1/keys", json_request(R"({"name":"ci","role":"editor"})", workspace.as_admin(team.id)));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 201);
  const json::value issued = json::parse(body_of(*response));
  const std::string key = issued.at("key").as_string().c_str();
  EXPECT_EQ(workspace.with_key(key)->role, Role::editor);
  const auto list = workspace.call(Method::get, "/v1/keys", {.context = workspace.as_admin(team.id)});
  EXPECT_EQ(body_of(*list).find(key), std::string::npos);
  EXPECT_NE(body_of(*list).find("\"prefix\":\"" + key.substr(0, 12)), std::string::npos);
  EXPECT_EQ(body_of(*list).find("hash"), std::string::npos);
}

TEST(TwoTeamServices, KnowEachOthersTeamsKeysAndRevocations) {
  const Workspace first, second(&first);
  const Team team = first.team("Acme");
  EXPECT_EQ(second.teams->get_team(second.as_operator(), team.id)->name, "Acme");
  const auto issued = first.teams->create_key(first.as_admin(team.id), {.name = "x", .role = Role::viewer});
  ASSERT_TRUE(issued.has_value());
  EXPECT_EQ(second.with_key(issued->key)->team_id, team.id);
  ASSERT_TRUE(first.teams->revoke_key(first.as_admin(team.id), issued->id));
  EXPECT_FALSE(first.with_key(issued->key).has_value());
  std::this_thread::sleep_for(kCallerCacheAge + std::chrono::milliseconds(50));
  EXPECT_FALSE(second.with_key(issued->key).has_value()) << "the other one may answer from memory for less than a second";
}

TEST(TwoTeamServices, LoseNothingOfWhatBothWriteAtOnce) {
  const Workspace first, second(&first);
  const Team shared = first.team("Shared");
  constexpr int count = 20;
  std::atomic<int> operators = 0;
  {
    std::vector<std::jthread> writers;
    for (const Workspace* workspace : {&first, &second}) {
      writers.emplace_back([&, workspace] {
        const auto bootstrapped = workspace->teams->bootstrap_first_start({});
        ASSERT_TRUE(bootstrapped.has_value());
        if (*bootstrapped) ++operators;
        for (int i = 0; i < count; ++i) {
          EXPECT_TRUE(workspace->teams->ensure_team(workspace->as_operator(), str("Team ", i)).has_value()) << i;
          EXPECT_TRUE(workspace->teams->create_key(workspace->as_admin(shared.id), {.name = str(i), .role = Role::viewer}).has_value());
        }
      });
    }
  }
  EXPECT_EQ(operators, 1);
  EXPECT_EQ(first.count("SELECT COUNT(*) FROM teams"), 1 + count) << "a name that both asked for is one team";
  EXPECT_EQ(first.teams->list_keys(first.as_admin(shared.id), {})->size(), 2u * count);
  EXPECT_EQ(second.teams->list_keys(second.as_admin(shared.id), {})->size(), 2u * count);
}

}  // namespace
}  // namespace bridge
