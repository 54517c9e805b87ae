#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/viewer_policy.h"

namespace bridge {

// What a person or key may do in a team; each includes the ones before it.
enum class Role : std::uint8_t { viewer, editor, admin };

// Who is calling. Made from credentials alone, never from a body or a model's arguments.
struct Caller {
  UserId user_id;  // the person who asks: a user, or who stands for one (base/person.h)
  TeamId team_id;  // the team that this call acts in; empty for an operator who named none
  Role role = Role::viewer;
  bool is_operator = false;
  std::string credential_id;                   // the key or session that was presented, for the audit log
  std::shared_ptr<const ViewerPolicy> policy;  // what they see of the team's data; null: all of it
};

// Proof that a query is about one team. Store methods take it, so that a query without a team does not compile.
class TeamScope {
 public:
  explicit TeamScope(TeamId team_id) : team_id_(std::move(team_id)) {}
  const TeamId& team_id() const { return team_id_; }

 private:
  TeamId team_id_;
};

// Proof that what is kept was read for one team and one viewer's policy. Whatever keeps what came out of a warehouse takes it, so that a
// key without the policy does not compile.
class ViewerScope {
 public:
  explicit ViewerScope(const Caller& caller)
      : team_id_(caller.team_id), fingerprint_(caller.policy ? caller.policy->fingerprint() : std::string()) {}
  const TeamId& team_id() const { return team_id_; }
  const std::string& fingerprint() const { return fingerprint_; }  // empty: of who sees all that the team has
  // The part of a key that no other team or policy has.
  std::string key() const { return fingerprint_.empty() ? team_id_.value() : team_id_.value() + "|" + fingerprint_; }

 private:
  TeamId team_id_;
  std::string fingerprint_;
};

// The place of a call in a trace (W3C Trace Context): lower-case hex of 16 and of 8 bytes.
struct TraceContext {
  std::string trace_id;
  std::string span_id;  // of the span that is under way; empty when the trace begins here
};

// Whom a call is for: somebody who waits for it, the server's own plans (refreshes, jobs), or a model that tries something. Where there is
// not enough for all, those who wait go first.
enum class WorkClass : std::uint8_t { interactive, background, model };
inline constexpr std::size_t kWorkClasses = 3;

// What travels with every call that may block: who asks, until when, and whether they still want the answer. Cheap to copy.
struct CallContext {
  using Clock = std::chrono::steady_clock;

  Caller caller;
  std::string correlation_id;
  std::optional<Clock::time_point> deadline;
  std::stop_token stop;
  WorkClass work_class = WorkClass::interactive;
  std::shared_ptr<const TraceContext> trace;  // null when nobody traces it

  TeamScope team() const { return TeamScope(caller.team_id); }
  ViewerScope viewer() const { return ViewerScope(caller); }

  // Fails with cancelled or deadline_exceeded; call it between steps of long work.
  Result<> check() const;

  // Time left before the deadline, at most `limit`.
  std::chrono::milliseconds time_left(std::chrono::milliseconds limit) const;

  // The same call with an earlier deadline: the sooner of this one and `limit` from now.
  CallContext with_timeout(std::chrono::milliseconds limit) const;
};

}  // namespace bridge
