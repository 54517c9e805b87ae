#pragma once

#include <memory>
#include <string_view>

#include "features/teams/team_service.h"
#include "platform/http/server.h"

namespace bridge {

inline constexpr std::string_view kSessionCookie = "bridge_session";

// The value of the session cookie, empty when there is none.
std::string_view session_cookie(const Request& request);

// permission_denied ("cross_site") unless the request comes from a page of this server: `Sec-Fetch-Site` says so, or, from a browser that
// does not send it, `Origin` is the `Host`.
Result<> check_same_site(const Request& request);

// Keys and session cookies as callers. Answers from memory: an answer is used again for less than a second, and not at all after a change
// of credentials in this process. A request with an Authorization header never has its cookies read.
std::shared_ptr<Authenticator> make_team_authenticator(std::shared_ptr<TeamService> service);

}  // namespace bridge
