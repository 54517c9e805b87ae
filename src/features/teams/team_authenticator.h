#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "features/teams/team_service.h"
#include "platform/http/server.h"

namespace bridge {

inline constexpr std::string_view kSessionCookie = "bridge_session";

// The value of the session cookie, empty when there is none.
std::string_view session_cookie(const Request& request);

// permission_denied ("cross_site") unless the request comes from a page of this server: `Sec-Fetch-Site` says so, or, from a browser that
// does not send it, `Origin` is the `Host`; or from a page of one of the origins that may act with a person's cookie.
Result<> check_same_site(const Request& request, std::span<const std::string> allowed_origins = {});

// Whether a caller who was let in before may go on: unauthenticated ("credential_ended") when their credential is no longer good,
// permission_denied ("role_changed") when they may do less. What cannot be found out is no reason to end anything.
Result<> check_caller_again(TeamService& service, const Caller& caller);

// Keys and session cookies as callers. Answers from memory: an answer is used again for less than a second, and not at all after a change
// of credentials in this process. A request with an Authorization header never has its cookies read.
std::shared_ptr<Authenticator> make_team_authenticator(std::shared_ptr<TeamService> service, std::vector<std::string> allowed_origins = {});

}  // namespace bridge
