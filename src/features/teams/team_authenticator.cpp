#include "features/teams/team_authenticator.h"

#include "base/guarded.h"
#include "base/log.h"
#include "features/teams/limits.h"
#include "platform/work/lru_cache.h"
#include "platform/work/periodic_task.h"

namespace bridge {
namespace {

std::string_view header_of(const Request& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header == name) return value;
  }
  return {};
}

bool changes_state(Method method) { return method != Method::get && method != Method::head && method != Method::options; }

// The team that the request names: the header, or else the query.
std::string_view named_team(const Request& request) {
  if (const std::string_view team = header_of(request, "x-bridge-team"); !team.empty()) return team;
  for (const auto& [name, value] : request.query) {
    if (name == "team_id") return value;
  }
  return {};
}

std::unexpected<Error> nobody() {
  return fail(ErrorCode::unauthenticated, "Present a valid API key (Authorization: Bearer brg_…), or sign in");
}

// Shards, because every request looks here.
class CallerCache {
 public:
  std::optional<Caller> find(const std::string& key, std::uint64_t version) {
    auto known = shard_of(key).find(key);
    if (!known || known->version != version) return std::nullopt;
    return std::move(known->caller);
  }

  void put(const std::string& key, const Caller& caller, std::uint64_t version) { shard_of(key).put(key, {caller, version}); }

 private:
  static constexpr std::size_t kShards = 16;
  struct Known {
    Caller caller;
    std::uint64_t version = 0;
  };
  struct Shard {
    LruCache<std::string, Known> callers{{.entries_max = kCachedCallersMax / kShards, .time_to_live = kCallerCacheAge}};
  };

  LruCache<std::string, Known>& shard_of(const std::string& key) { return shards_[std::hash<std::string>{}(key) % kShards].callers; }

  std::array<Shard, kShards> shards_;
};

// Looks after the callers of open streams: one look at the directory for each credential, however many streams it has. Thread-safe.
class CallerWatch final {
 public:
  using OnEnd = std::function<void(const Error&)>;

  explicit CallerWatch(std::shared_ptr<TeamService> service)
      : service_(std::move(service)),
        task_(start_periodic_task({.name = "callers of streams", .interval = kStreamCallersLookedAtEvery},
                                  [this](const std::stop_token& stop) { return look(stop); })) {}

  std::shared_ptr<void> add(const Caller& caller, OnEnd on_end) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = ++last_number_;
    streams_.emplace(number, Stream{caller, std::move(on_end)});
    if (streams_.size() == 1) task_->run_now();
    return {this, [number](CallerWatch* self) { self->remove(number); }};
  }

 private:
  struct Stream {
    Caller caller;
    OnEnd on_end;
  };
  using Credential = std::tuple<std::string, TeamId, Role>;

  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    streams_.erase(number);
  }

  // While there is no stream there is nothing to look at.
  NextRun look(const std::stop_token& stop) {
    std::map<Credential, Caller> callers;
    {
      const std::lock_guard lock(mutex_);
      if (streams_.empty()) return NextRun::when_asked;
      for (const auto& [number, stream] : streams_) callers.emplace(credential_of(stream.caller), stream.caller);
    }
    for (const auto& [credential, caller] : callers) {
      if (stop.stop_requested()) break;
      if (const Result<> good = check_caller_again(*service_, caller); !good) end_all(credential, good.error());
    }
    return NextRun::after_interval;
  }

  // Under the lock: who has let go of a stream is not called any more.
  void end_all(const Credential& credential, const Error& why) {
    const std::lock_guard lock(mutex_);
    for (auto& [number, stream] : streams_) {
      if (credential_of(stream.caller) == credential && stream.on_end) std::exchange(stream.on_end, nullptr)(why);
    }
  }

  static Credential credential_of(const Caller& caller) { return {caller.credential_id, caller.team_id, caller.role}; }

  const std::shared_ptr<TeamService> service_;
  std::mutex mutex_;
  std::map<std::uint64_t, Stream> streams_;
  std::uint64_t last_number_ = 0;
  const std::unique_ptr<PeriodicTask> task_;  // last: it uses all of the above
};

class TeamAuthenticator final : public Authenticator {
 public:
  TeamAuthenticator(std::shared_ptr<TeamService> service, std::vector<std::string> allowed_origins)
      : service_(std::move(service)),
        allowed_origins_(std::move(allowed_origins)),
        watch_(service_),
        recorder_(start_periodic_task({.name = "uses of credentials", .interval = kUseNotedEvery},
                                      [this](const std::stop_token&) { record_uses(); })) {}

  ~TeamAuthenticator() override {
    recorder_->stop();
    (void)guarded([this] { record_uses(); });
  }

  Result<Caller> authenticate(const Request& request) override {
    Credential credential{.team = named_team(request), .remote_address = request.remote_address};
    if (const std::string_view authorization = header_of(request, "authorization"); !authorization.empty()) {
      constexpr std::size_t scheme = 7;  // "Bearer "
      if (authorization.size() <= scheme || lower(authorization.substr(0, scheme)) != "bearer ") return nobody();
      credential.text = trim(authorization.substr(scheme));
    } else {
      credential.kind = CredentialKind::session;
      credential.text = session_cookie(request);
      if (credential.text.empty()) return nobody();
      if (changes_state(request.method)) TRY(check_same_site(request, allowed_origins_));
    }
    if (credential.text.size() > kTokenBytesMax || credential.team.size() > kTokenBytesMax) return nobody();
    return find(credential);
  }

  std::shared_ptr<void> watch(const Caller& caller, std::function<void(const Error&)> on_end) override {
    return watch_.add(caller, std::move(on_end));
  }

 private:
  Result<Caller> find(const Credential& credential) {
    thread_local std::string key;
    key.clear();
    key += credential.kind == CredentialKind::api_key ? 'k' : 's';
    key += credential.team;
    key += '\0';
    key += credential.text;
    const std::uint64_t version =
        service_->credentials_version();  // before the look-up: a change meanwhile makes the entry stale, not wrong
    if (auto caller = cache_.find(key, version)) return std::move(*caller);
    Caller caller = TRY(service_->find_caller(credential));
    cache_.put(key, caller, version);
    note_use(caller.credential_id);
    return caller;
  }

  void note_use(const std::string& credential_id) {
    const std::lock_guard lock(mutex_);
    if (used_.size() < kUsesNotedMax) used_.insert(credential_id);
  }

  // Writing on every request would make reading dashboards wait for the disk.
  void record_uses() {
    std::set<std::string> taken;
    {
      const std::lock_guard lock(mutex_);
      taken.swap(used_);
    }
    if (const auto noted = service_->note_used({taken.begin(), taken.end()}); !noted)
      log_warning("credential_use_not_recorded", {{"error", noted.error().message}});
  }

  std::shared_ptr<TeamService> service_;
  const std::vector<std::string> allowed_origins_;
  CallerCache cache_;
  CallerWatch watch_;
  std::mutex mutex_;
  std::set<std::string> used_;                    // guarded by mutex_
  const std::unique_ptr<PeriodicTask> recorder_;  // last: it uses everything above
};

}  // namespace

std::string_view session_cookie(const Request& request) {
  for (const auto& [header, value] : request.headers) {
    if (header != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      if (pair.size() > kSessionCookie.size() && pair[kSessionCookie.size()] == '=' && pair.starts_with(kSessionCookie))
        return pair.substr(kSessionCookie.size() + 1);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  return {};
}

Result<> check_same_site(const Request& request, std::span<const std::string> allowed_origins) {
  const auto refuse = [] {
    return fail(ErrorCode::permission_denied, "cross_site",
                "A request with a session cookie must come from a page of this server: use an API key instead");
  };
  if (std::ranges::find(allowed_origins, header_of(request, "origin")) != allowed_origins.end()) return {};
  if (const std::string_view site = header_of(request, "sec-fetch-site"); !site.empty()) {
    if (site != "same-origin" && site != "none") return refuse();
    return {};
  }
  const std::string_view origin = header_of(request, "origin");
  const std::size_t scheme = origin.find("://");
  const std::string_view host = header_of(request, "host");
  if (scheme == std::string_view::npos || host.empty() || lower(origin.substr(scheme + 3)) != lower(host)) return refuse();
  return {};
}

Result<> check_caller_again(TeamService& service, const Caller& caller) {
  const auto now = service.find_caller_again(caller);
  if (!now && (now.error().code == ErrorCode::unauthenticated || now.error().code == ErrorCode::not_found)) {
    return fail(ErrorCode::unauthenticated, "credential_ended",
                "Who asked for this may no longer: the key was revoked, the session was signed out, one of them has expired, or the person "
                "has left the team");
  }
  if (!now) {
    log_warning("credential_not_looked_at", {{"error", describe_error(now.error())}});
    return {};
  }
  const bool elsewhere = !caller.team_id.empty() && now->team_id != caller.team_id;
  if (now->role < caller.role || now->is_operator != caller.is_operator || elsewhere)
    return fail(ErrorCode::permission_denied, "role_changed", "What you may do in this team has changed: ask again");
  return {};
}

std::shared_ptr<Authenticator> make_team_authenticator(std::shared_ptr<TeamService> service, std::vector<std::string> allowed_origins) {
  return std::make_shared<TeamAuthenticator>(std::move(service), std::move(allowed_origins));
}

}  // namespace bridge
