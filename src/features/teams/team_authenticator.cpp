#include "features/teams/team_authenticator.h"

#include "base/log.h"
#include "features/teams/limits.h"

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

class CallerCache {
 public:
  using Clock = std::chrono::steady_clock;

  std::optional<Caller> find(const std::string& key, std::uint64_t version, Clock::time_point now) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.callers.find(key);
    if (found == shard.callers.end() || found->second.version != version || found->second.until <= now) return std::nullopt;
    return found->second.caller;
  }

  void put(const std::string& key, const Caller& caller, std::uint64_t version, Clock::time_point now) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    if (shard.callers.size() >= kCachedCallersMax / kShards) {
      std::erase_if(shard.callers, [&](const auto& item) { return item.second.until <= now || item.second.version != version; });
      if (shard.callers.size() >= kCachedCallersMax / kShards) shard.callers.clear();
    }
    shard.callers.insert_or_assign(key, Entry{.caller = caller, .until = now + kCallerCacheAge, .version = version});
  }

 private:
  static constexpr std::size_t kShards = 16;
  struct Entry {
    Caller caller;
    Clock::time_point until;
    std::uint64_t version = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Entry> callers;
  };

  Shard& shard_of(const std::string& key) { return shards_[std::hash<std::string>{}(key) % kShards]; }

  std::array<Shard, kShards> shards_;
};

class TeamAuthenticator final : public Authenticator {
 public:
  explicit TeamAuthenticator(std::shared_ptr<TeamService> service) : service_(std::move(service)) {
    recorder_ = std::jthread([this](std::stop_token stop) { record_uses(stop); });
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
      if (changes_state(request.method)) TRY(check_same_site(request));
    }
    if (credential.text.size() > kTokenBytesMax || credential.team.size() > kTokenBytesMax) return nobody();
    return find(credential);
  }

 private:
  Result<Caller> find(const Credential& credential) {
    thread_local std::string key;
    key.clear();
    key += credential.kind == CredentialKind::api_key ? 'k' : 's';
    key += credential.team;
    key += '\0';
    key += credential.text;
    const auto now = CallerCache::Clock::now();
    const std::uint64_t version =
        service_->credentials_version();  // before the look-up: a change meanwhile makes the entry stale, not wrong
    if (auto caller = cache_.find(key, version, now)) return std::move(*caller);
    Caller caller = TRY(service_->find_caller(credential));
    cache_.put(key, caller, version, now);
    note_use(caller.credential_id);
    return caller;
  }

  void note_use(const std::string& credential_id) {
    const std::lock_guard lock(mutex_);
    if (used_.size() < kUsesNotedMax) used_.insert(credential_id);
  }

  // Writing on every request would make reading dashboards wait for the disk.
  void record_uses(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kUseNotedEvery, [] { return false; });
      const std::vector<std::string> used(used_.begin(), used_.end());
      used_.clear();
      lock.unlock();
      if (const auto noted = service_->note_used(used); !noted)
        log_warning("credential_use_not_recorded", {{"error", noted.error().message}});
    }
  }

  std::shared_ptr<TeamService> service_;
  CallerCache cache_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::set<std::string> used_;  // guarded by mutex_
  std::jthread recorder_;       // last: it uses everything above
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

Result<> check_same_site(const Request& request) {
  const auto refuse = [] {
    return fail(ErrorCode::permission_denied, "cross_site",
                "A request with a session cookie must come from a page of this server: use an API key instead");
  };
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

std::shared_ptr<Authenticator> make_team_authenticator(std::shared_ptr<TeamService> service) {
  return std::make_shared<TeamAuthenticator>(std::move(service));
}

}  // namespace bridge
