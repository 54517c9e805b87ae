#include "features/teams/team_service.h"

#include "base/bad_field.h"
#include "base/control_characters.h"
#include "base/person.h"
#include "features/teams/api_key.h"
#include "features/teams/audit.h"
#include "features/teams/guess_limiter.h"
#include "features/teams/limits.h"
#include "features/teams/team_store.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

// One answer for every way to be nobody, so that a guess learns nothing.
std::unexpected<Error> nobody() {
  return fail(ErrorCode::unauthenticated, "Present a valid API key (Authorization: Bearer brg_…), or sign in");
}

std::unexpected<Error> no_such_team() { return fail(ErrorCode::not_found, "team_not_found", "There is no such team"); }
std::unexpected<Error> no_such_key() { return fail(ErrorCode::not_found, "key_not_found", "There is no such key"); }

Result<> check_name(std::string_view name) {
  if (trim(name).empty()) return bad_value({.path = "name", .code = "empty", .message = "must not be empty"});
  if (!is_plain_line(name)) {
    return bad_value({.path = "name", .code = "bad_character", .message = "must not hold control characters"});
  }
  return {};
}

bool is_live(const ApiKey& key, Time now) { return !key.revoked_at && (!key.expires_at || *key.expires_at > now); }

bool acts_as_operator(const CallContext& context) { return context.caller.is_operator && context.caller.team_id.empty(); }

// A key's user, or the key itself.
UserId person_of(const ApiKey& key) { return key.user_id.empty() ? person_of_key(key.id.value()) : key.user_id; }

constexpr std::string_view kKeyCredential = "key:";
constexpr std::string_view kSessionCredential = "session:";

// Who a credential is, before it is decided in which team it acts.
struct Principal {
  std::string credential_id;
  UserId person_id;
  bool is_operator = false;
  TeamId team_id;  // the only one it may act in, empty when it may choose
  UserId user_id;
  Role role = Role::viewer;
};

class TeamServiceOnDatabase final : public TeamService {
 public:
  TeamServiceOnDatabase(std::shared_ptr<Database> database, std::shared_ptr<KeyService> keys, std::shared_ptr<const Clock> clock)
      : database_(std::move(database)), keys_(std::move(keys)), clock_(std::move(clock)) {}

  Result<std::optional<Secret>> bootstrap_first_start(const CallContext& context) override {
    return transact_value<std::optional<Secret>>(*database_, context, [&](Transaction& transaction) -> Result<std::optional<Secret>> {
      if (TRY(count_operator_keys(transaction)) > 0) return std::optional<Secret>{};
      const IssuedApiKey issued = TRY(issue_key(transaction, context, {.name = "operator", .role = Role::admin}));
      return std::optional(Secret(issued.key));
    });
  }

  Result<Team> create_team(const CallContext& context, NewTeam input) override {
    TRY(check_name(input.name));
    std::string slug = input.slug.value_or(make_slug(input.name));
    if (input.slug && !is_slug(slug))
      return bad_value({.path = "slug", .code = "bad_slug", .message = "must be 1 to 63 of a-z, 0-9 and -"});
    const TeamId id = TeamId::make();
    if (slug.empty()) slug = str("team-", id.value().substr(id.value().size() - 8));
    const Time now = clock_->now();
    const Team team{.id = id, .name = std::string(trim(input.name)), .slug = slug, .created_at = now, .updated_at = now};
    const Result<> saved = database_->transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(insert_row(transaction, "teams", team));
      return audit(transaction, context, team.id, "team.create", team.id.value());
    });
    if (!saved && saved.error().code == ErrorCode::already_exists) {
      return fail(ErrorCode::already_exists, "slug_conflict",
                  str("There is a team with the slug '", slug, "' already: choose another slug"));
    }
    TRY(saved);
    ++version_;
    return team;
  }

  Result<Team> ensure_team(const CallContext& context, std::string_view name) override {
    const auto find = [&] {
      return read_value<std::optional<Team>>(*database_, context,
                                             [&](Transaction& transaction) { return find_team_by_slug(transaction, make_slug(name)); });
    };
    if (const auto found = TRY(find())) return *found;
    Result<Team> created = create_team(context, {.name = std::string(name)});
    if (created || created.error().code != ErrorCode::already_exists) return created;
    if (const auto found = TRY(find())) return *found;  // somebody else was quicker
    return created;
  }

  Result<std::vector<Team>> list_teams(const CallContext& context, const Page& page) override {
    return read_value<std::vector<Team>>(*database_, context, [&](Transaction& transaction) -> Result<std::vector<Team>> {
      if (context.caller.is_operator) return list_all_teams(transaction, page);
      std::vector<Team> out;
      for (const MyTeam& mine : TRY(teams_of(transaction, context.caller))) {
        if (mine.id.value() <= page.after || out.size() > static_cast<std::size_t>(page.limit)) continue;
        if (auto team = TRY(find_team(transaction, mine.id))) out.push_back(std::move(*team));
      }
      return out;
    });
  }

  Result<Team> get_team(const CallContext& context, const TeamId& id) override {
    return read_value<Team>(*database_, context, [&](Transaction& transaction) -> Result<Team> {
      auto team = TRY(find_team(transaction, id));
      if (!team) return no_such_team();
      if (context.caller.is_operator) return *team;
      for (const MyTeam& mine : TRY(teams_of(transaction, context.caller))) {
        if (mine.id == id) return *team;
      }
      return no_such_team();
    });
  }

  Result<IssuedApiKey> create_key(const CallContext& context, NewApiKey input) override {
    TRY(check_name(input.name));
    if (context.caller.team_id.empty())
      return fail(ErrorCode::invalid_argument, "team_required", "Name a team with X-Bridge-Team or ?team_id=");
    if (input.role > context.caller.role)
      return fail(ErrorCode::permission_denied, str("Your role is ", enum_name(context.caller.role), ": a key cannot have a larger one"));
    const int days = input.expires_in_days.value_or(kKeyDaysDefault);
    if (days < 0 || days > kKeyDaysMax)
      return bad_value({.path = "expires_in_days", .code = "out_of_range", .message = str("must be from 0 to ", kKeyDaysMax)});
    return transact_value<IssuedApiKey>(*database_, context, [&](Transaction& transaction) -> Result<IssuedApiKey> {
      if (TRY(count_live_team_keys(transaction, context.team())) >= static_cast<std::int64_t>(kKeysPerTeamMax)) {
        return fail(ErrorCode::resource_exhausted, "too_many_keys",
                    str("A team has at most ", kKeysPerTeamMax, " keys: revoke some first"));
      }
      ApiKey key{.team_id = context.caller.team_id,
                 .user_id = user_of(context.caller.user_id),
                 .name = std::string(trim(input.name)),
                 .role = input.role};
      if (days > 0) key.expires_at = clock_->now() + std::chrono::hours(24) * days;
      return issue_key(transaction, context, std::move(key));
    });
  }

  Result<IssuedApiKey> create_operator_key(const CallContext& context, std::string_view name) override {
    TRY(check_name(name));
    return transact_value<IssuedApiKey>(*database_, context, [&](Transaction& transaction) {
      return issue_key(transaction, context, {.name = std::string(trim(name)), .role = Role::admin});
    });
  }

  Result<std::vector<ApiKey>> list_keys(const CallContext& context, const Page& page) override {
    return read_value<std::vector<ApiKey>>(*database_, context, [&](Transaction& transaction) -> Result<std::vector<ApiKey>> {
      if (acts_as_operator(context)) return list_operator_keys(transaction, page);
      return list_team_keys(transaction, context.team(), page);
    });
  }

  Result<> revoke_key(const CallContext& context, const ApiKeyId& id) override {
    TRY(database_->transact(context, [&](Transaction& transaction) -> Result<> {
      const Time now = clock_->now();
      const bool of_operator = acts_as_operator(context);
      const auto key = TRY(of_operator ? find_operator_key(transaction, id) : find_team_key(transaction, context.team(), id));
      if (!key) return no_such_key();
      if (key->revoked_at) return {};
      if (of_operator && is_live(*key, now) && TRY(count_live_operator_keys(transaction, now)) < 2) {
        return fail(ErrorCode::failed_precondition, "last_operator_key", "This is the only operator's key: create another one first");
      }
      TRY(mark_key_revoked(transaction, id, now));
      return audit(transaction, context, context.caller.team_id, "api_key.revoke", id.value());
    }));
    ++version_;
    return {};
  }

  Result<Secret> create_link(const CallContext& context, const NewLink& link) override {
    Secret token = make_token();
    const Time now = clock_->now();
    const OneTimeLink row{.id = make_uuid(),
                          .token_hash = keys_->fingerprint(token.reveal()),
                          .is_operator = link.for_operator,
                          .team_id = link.for_operator ? TeamId{} : link.team_id,
                          .person_id = link.for_operator ? operator_of(context) : UserId{},
                          .role = link.for_operator ? Role::admin : link.role,
                          .created_at = now,
                          .expires_at = now + kLinkAgeMax};
    if (!link.for_operator && link.team_id.empty()) return fail(ErrorCode::invalid_argument, "team_required", "A link needs a team");
    TRY(database_->transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(insert_row(transaction, "one_time_links", row));
      return audit(transaction, context, row.team_id, "link.create", row.id);
    }));
    return token;
  }

  Result<OpenedSession> open_session(const CallContext& context, const SignIn& sign_in, std::string_view remote_address) override {
    if (sign_in.token.has_value() == sign_in.key.has_value()) {
      return bad_field({.path = "token", .code = "missing_field", .message = "Give either 'token' or 'key'"});
    }
    TRY(check_guesses(remote_address));
    const std::string& text = sign_in.token ? sign_in.token->reveal() : sign_in.key->reveal();
    if (!(sign_in.token ? is_token(text) : is_api_key(text))) return wrong_guess(remote_address);
    const std::string hash = keys_->fingerprint(text);
    Secret token = make_token();
    const Time now = clock_->now();
    WebSession session{.id = WebSessionId::make(),
                       .token_hash = keys_->fingerprint(token.reveal()),
                       .created_at = now,
                       .last_seen_at = now,
                       .expires_at = now + kSessionAgeMax};
    Me me;
    const Result<> opened = database_->transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(sign_in.token ? take_principal_of_link(transaction, hash, session) : take_principal_of_key(transaction, hash, session));
      TRY(delete_dead_sessions(transaction, now, now - kSessionIdleMax));
      TRY(insert_row(transaction, "web_sessions", session));
      const Caller caller = TRY(act_in_team(transaction, principal_of(session), ""));
      me = TRY(me_of(transaction, caller));
      return append_audit_event(transaction, {.team_id = session.team_id,
                                              .actor = str("session:", session.id.value()),
                                              .action = "session.open",
                                              .target = sign_in.token ? "link" : str("key:", session.api_key_id.value()),
                                              .ip = std::string(remote_address),
                                              .created_at = now});
    });
    if (!opened && opened.error().code == ErrorCode::unauthenticated) return wrong_guess(remote_address);
    TRY(opened);
    return OpenedSession{.token = std::move(token), .me = std::move(me)};
  }

  Result<> close_session(const CallContext& context, std::string_view token) override {
    if (!is_token(token)) return {};
    TRY(database_->transact(context, [&](Transaction& transaction) -> Result<> {
      const std::int64_t closed = TRY(delete_session_by_hash(transaction, keys_->fingerprint(token)));
      if (closed == 0) return {};
      return audit(transaction, context, context.caller.team_id, "session.close", context.caller.credential_id);
    }));
    ++version_;
    return {};
  }

  Result<Me> get_me(const CallContext& context) override {
    return read_value<Me>(*database_, context, [&](Transaction& transaction) { return me_of(transaction, context.caller); });
  }

  Result<Caller> find_caller(const Credential& credential) override {
    // Somebody who guesses does not lock out those who come from the same address with good credentials.
    const Result<> guesses = check_guesses(credential.remote_address);
    const bool is_key = credential.kind == CredentialKind::api_key;
    if (!(is_key ? is_api_key(credential.text) : is_token(credential.text))) {
      TRY(guesses);
      return wrong_guess(credential.remote_address);
    }
    const std::string hash = keys_->fingerprint(credential.text);
    const auto caller = read_value<Caller>(
        *database_, CallContext{}.with_timeout(std::chrono::seconds(2)), [&](Transaction& transaction) -> Result<Caller> {
          const Principal principal = TRY(is_key ? principal_of_key(transaction, hash) : principal_of_session(transaction, hash));
          return act_in_team(transaction, principal, credential.team);
        });
    if (!caller && caller.error().code == ErrorCode::unauthenticated) {
      TRY(guesses);
      return wrong_guess(credential.remote_address);
    }
    return caller;
  }

  Result<Caller> find_caller_again(const Caller& caller) override {
    return read_value<Caller>(*database_, CallContext{}.with_timeout(std::chrono::seconds(2)),
                              [&](Transaction& transaction) -> Result<Caller> {
                                const Principal principal = TRY(principal_of_credential(transaction, caller.credential_id));
                                return act_in_team(transaction, principal, caller.team_id.value());
                              });
  }

  std::uint64_t credentials_version() const override { return version_.load(std::memory_order_acquire); }

  Result<> note_used(const std::vector<std::string>& credential_ids) override {
    if (credential_ids.empty()) return {};
    const Time now = clock_->now();
    return database_->transact({}, [&](Transaction& transaction) -> Result<> {
      for (const std::string& id : credential_ids) {
        if (id.starts_with("key:")) TRY(mark_key_used(transaction, std::string_view(id).substr(4), now));
        if (id.starts_with("session:")) TRY(mark_session_seen(transaction, std::string_view(id).substr(8), now));
      }
      return {};
    });
  }

 private:
  Result<> audit(Transaction& transaction, const CallContext& context, const TeamId& team_id, std::string_view action,
                 std::string_view target) const {
    return append_audit_event(transaction, {.team_id = team_id,
                                            .actor = context.caller.credential_id,
                                            .action = std::string(action),
                                            .target = std::string(target),
                                            .created_at = clock_->now()});
  }

  // `key` says whose it is, what for, and until when.
  Result<IssuedApiKey> issue_key(Transaction& transaction, const CallContext& context, ApiKey key) const {
    const Secret text = make_api_key();
    ApiKeyRow row;
    static_cast<ApiKey&>(row) = std::move(key);
    row.id = ApiKeyId::make();
    row.prefix = api_key_prefix(text.reveal());
    row.created_at = clock_->now();
    row.key_hash = keys_->fingerprint(text.reveal());
    TRY(insert_row(transaction, "api_keys", row));
    TRY(audit(transaction, context, row.team_id, "api_key.create", row.id.value()));
    return IssuedApiKey{.id = row.id,
                        .name = row.name,
                        .prefix = row.prefix,
                        .role = row.role,
                        .created_at = row.created_at,
                        .expires_at = row.expires_at,
                        .key = text.reveal()};
  }

  Result<> check_guesses(std::string_view remote_address) {
    const int wait_s = guesses_.wait_s(remote_address);
    if (wait_s == 0) return {};
    return fail(Error{.code = ErrorCode::resource_exhausted,
                      .message = str("Too many wrong credentials: wait ", wait_s, " s"),
                      .reason = "too_many_guesses",
                      .retry_after = std::chrono::seconds(wait_s)});
  }

  std::unexpected<Error> wrong_guess(std::string_view remote_address) {
    guesses_.note_wrong(remote_address);
    return nobody();
  }

  static Principal principal_of(const WebSession& session) {
    UserId person = session.person_id.empty() ? session.user_id : session.person_id;
    if (person.empty()) person = person_of_session(session.id.value());
    return {.credential_id = str(kSessionCredential, session.id.value()),
            .person_id = std::move(person),
            .is_operator = session.is_operator,
            .team_id = session.team_id,
            .user_id = session.user_id,
            .role = session.role};
  }

  // A person's key can do no more than the person can now.
  Result<Role> role_now(Transaction& transaction, const ApiKey& key) const {
    if (key.user_id.empty() || key.team_id.empty()) return key.role;
    const auto role = TRY(find_member_role(transaction, TeamScope(key.team_id), key.user_id));
    if (!role) return nobody();
    return std::min(*role, key.role);
  }

  Result<Principal> principal_of_key(Transaction& transaction, std::string_view hash) const {
    return principal_of_key(transaction, TRY(find_key_by_hash(transaction, hash)));
  }

  Result<Principal> principal_of_key(Transaction& transaction, const std::optional<ApiKey>& key) const {
    if (!key || !is_live(*key, clock_->now())) return nobody();
    const Role role = TRY(role_now(transaction, *key));
    return Principal{.credential_id = str(kKeyCredential, key->id.value()),
                     .person_id = person_of(*key),
                     .is_operator = key->team_id.empty(),
                     .team_id = key->team_id,
                     .user_id = key->user_id,
                     .role = role};
  }

  Result<Principal> principal_of_session(Transaction& transaction, std::string_view hash) const {
    return principal_of_session(transaction, TRY(find_session_by_hash(transaction, hash)));
  }

  Result<Principal> principal_of_session(Transaction& transaction, const std::optional<WebSession>& session) const {
    const Time now = clock_->now();
    if (!session || session->expires_at <= now || session->last_seen_at + kSessionIdleMax <= now) return nobody();
    Principal principal = principal_of(*session);
    if (session->api_key_id.empty()) return principal;
    const auto key = TRY(find_key(transaction, session->api_key_id));
    if (!key || !is_live(*key, now)) return nobody();
    principal.role = TRY(role_now(transaction, *key));
    return principal;
  }

  Result<Principal> principal_of_credential(Transaction& transaction, std::string_view credential_id) const {
    if (credential_id.starts_with(kKeyCredential)) {
      const ApiKeyId id{std::string(credential_id.substr(kKeyCredential.size()))};
      return principal_of_key(transaction, TRY(find_key(transaction, id)));
    }
    if (!credential_id.starts_with(kSessionCredential)) return nobody();
    const WebSessionId id{std::string(credential_id.substr(kSessionCredential.size()))};
    return principal_of_session(transaction, TRY(find_session(transaction, id)));
  }

  static UserId operator_of(const CallContext& context) {
    return context.caller.user_id.empty() ? UserId(std::string(kOperatorPerson)) : context.caller.user_id;
  }

  Result<> take_principal_of_link(Transaction& transaction, std::string_view hash, WebSession& session) const {
    const auto link = TRY(take_link(transaction, hash, clock_->now()));
    if (!link) return nobody();
    session.is_operator = link->is_operator;
    session.team_id = link->team_id;
    session.user_id = link->user_id;
    session.person_id = link->person_id;
    if (session.person_id.empty()) session.person_id = link->user_id.empty() ? person_of_session(session.id.value()) : link->user_id;
    session.role = link->role;
    return {};
  }

  Result<> take_principal_of_key(Transaction& transaction, std::string_view hash, WebSession& session) const {
    const Principal principal = TRY(principal_of_key(transaction, hash));
    session.is_operator = principal.is_operator;
    session.team_id = principal.team_id;
    session.user_id = principal.user_id;
    session.person_id = principal.person_id;
    session.role = principal.role;
    session.api_key_id = ApiKeyId(principal.credential_id.substr(kKeyCredential.size()));
    return {};
  }

  // Decides the team and the role in it. A team that is not the principal's is answered as one that does not exist.
  Result<Caller> act_in_team(Transaction& transaction, const Principal& principal, std::string_view named) const {
    Caller caller{.user_id = principal.person_id,
                  .role = principal.role,
                  .is_operator = principal.is_operator,
                  .credential_id = principal.credential_id};
    const TeamId team{std::string(named)};
    if (!principal.team_id.empty()) {
      if (!team.empty() && team != principal.team_id) return no_such_team();
      caller.team_id = principal.team_id;
    } else if (principal.is_operator) {
      caller.role = Role::admin;
      if (team.empty()) {
        caller.team_id = TRY(find_only_team(transaction)).value_or(TeamId{});
      } else {
        if (!TRY(find_team(transaction, team))) return no_such_team();
        caller.team_id = team;
      }
    } else {
      const auto mine = TRY(list_teams_of_user(transaction, principal.user_id));
      const auto found = std::ranges::find_if(mine, [&](const MyTeam& each) { return team.empty() ? mine.size() == 1 : each.id == team; });
      if (found == mine.end() && !team.empty()) return no_such_team();
      caller.role = Role::viewer;
      if (found != mine.end()) {
        caller.team_id = found->id;
        caller.role = found->role;
      }
    }
    return caller;
  }

  Result<std::vector<MyTeam>> teams_of(Transaction& transaction, const Caller& caller) const {
    if (caller.is_operator) {
      std::vector<MyTeam> out;
      for (const Team& team : TRY(list_all_teams(transaction, {.limit = kPageSizeMax})))
        out.push_back({.id = team.id, .name = team.name, .slug = team.slug, .role = Role::admin});
      return out;
    }
    if (is_user(caller.user_id) && TRY(may_choose_team(transaction, caller))) return list_teams_of_user(transaction, caller.user_id);
    const auto team = TRY(find_team(transaction, caller.team_id));
    if (!team) return std::vector<MyTeam>{};
    return std::vector<MyTeam>{{.id = team->id, .name = team->name, .slug = team->slug, .role = caller.role}};
  }

  // A person's own session acts in any of their teams; a key, and a session made from one, in the key's alone.
  static Result<bool> may_choose_team(Transaction& transaction, const Caller& caller) {
    constexpr std::string_view kind = "session:";
    if (!caller.credential_id.starts_with(kind)) return false;
    const auto session = TRY(find_session(transaction, WebSessionId(caller.credential_id.substr(kind.size()))));
    return session && session->team_id.empty();
  }

  Result<Me> me_of(Transaction& transaction, const Caller& caller) const {
    Me me{.role = caller.role, .is_operator = caller.is_operator};
    me.teams = TRY(teams_of(transaction, caller));
    if (is_user(caller.user_id)) me.user_id = caller.user_id;
    if (!caller.team_id.empty()) me.team_id = caller.team_id;
    return me;
  }

  std::shared_ptr<Database> database_;
  std::shared_ptr<KeyService> keys_;
  std::shared_ptr<const Clock> clock_;
  GuessLimiter guesses_;
  std::atomic<std::uint64_t> version_ = 1;
};

}  // namespace

std::shared_ptr<TeamService> make_team_service(std::shared_ptr<Database> database, std::shared_ptr<KeyService> keys,
                                               std::shared_ptr<const Clock> clock) {
  return std::make_shared<TeamServiceOnDatabase>(std::move(database), std::move(keys), std::move(clock));
}

}  // namespace bridge
