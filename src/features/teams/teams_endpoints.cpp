#include "features/teams/teams_endpoints.h"

#include "features/teams/limits.h"
#include "features/teams/team_authenticator.h"

namespace bridge {
namespace {

// What opens the web page once.
struct IssuedLink {
  std::string token;
};
BOOST_DESCRIBE_STRUCT(IssuedLink, (), (token))

Result<Response> create_team(TeamService& service, const Request& request) {
  auto input = TRY(request.json_body<NewTeam>());
  return created(TRY(service.create_team(request.context, std::move(input))));
}

Result<Response> list_teams(TeamService& service, const Request& request) {
  const Page page = TRY(read_page(request));
  return ok(make_list(TRY(service.list_teams(request.context, page)), page));
}

Result<Response> get_team(TeamService& service, const Request& request) {
  return ok(TRY(service.get_team(request.context, TeamId(request.path_value("team_id")))));
}

std::string set_cookie(std::string_view value, std::chrono::seconds age) {
  return str(kSessionCookie, "=", value, "; HttpOnly; SameSite=Lax; Path=/; Max-Age=", age.count());
}

// Signing in needs no cookie, and still must not be done by another site's page: it would act under the attacker's account.
Result<Response> open_session(TeamService& service, const Request& request) {
  if (request.header("sec-fetch-site") || request.header("origin")) TRY(check_same_site(request));
  const auto input = TRY(request.json_body<SignIn>());
  const OpenedSession session = TRY(service.open_session(request.context, input, request.remote_address));
  Response response = ok(session.me);
  response.headers.emplace_back("set-cookie", set_cookie(session.token.reveal(), kSessionAgeMax));
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

Result<Response> create_link(TeamService& service, const Request& request) {
  const Secret token = TRY(service.create_link(request.context, {.for_operator = true}));
  Response response = created(IssuedLink{.token = token.reveal()});
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

Result<Response> close_session(TeamService& service, const Request& request) {
  if (!request.header("authorization")) TRY(service.close_session(request.context, session_cookie(request)));
  Response response = no_content();
  response.headers.emplace_back("set-cookie", set_cookie("", std::chrono::seconds(0)));
  return response;
}

Result<Response> get_me(TeamService& service, const Request& request) {
  Response response = ok(TRY(service.get_me(request.context)));
  response.headers.emplace_back("cache-control", "no-store");  // the next person at this browser is somebody else
  return response;
}

Result<Response> create_key(TeamService& service, const Request& request) {
  auto input = TRY(request.json_body<NewApiKey>());
  Response response = created(TRY(service.create_key(request.context, std::move(input))));
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

Result<Response> list_keys(TeamService& service, const Request& request) {
  const Page page = TRY(read_page(request));
  return ok(make_list(TRY(service.list_keys(request.context, page)), page));
}

Result<Response> revoke_key(TeamService& service, const Request& request) {
  TRY(service.revoke_key(request.context, ApiKeyId(request.path_value("id"))));
  return no_content();
}

}  // namespace

std::vector<Route> team_routes(TeamService& service) {
  const auto bind = [&service](auto endpoint) -> Handler {
    return [&service, endpoint](const Request& request) { return endpoint(service, request); };
  };
  return {
      {Method::post, "/v1/onboarding/teams", Access::operator_only, bind(create_team),
       docs<NewTeam, Team>("create_team", "Onboarding", "Create a team", "NewTeam", "Team")},
      {Method::get, "/v1/onboarding/teams", Access::signed_in, bind(list_teams),
       docs<void, ListOf<Team>>("list_teams", "Onboarding", "The caller's teams; an operator's are all", {}, "TeamList",
                                page_parameters())},
      {Method::get, "/v1/onboarding/teams/{team_id}", Access::signed_in, bind(get_team),
       docs<void, Team>("get_team", "Onboarding", "One team", {}, "Team")},
      {Method::post, "/v1/session", Access::anyone, bind(open_session),
       docs<SignIn, Me>("open_session", "Session", "Sign in with a one-time link's token or an API key; sets an http-only cookie", "SignIn",
                        "Me")},
      {Method::post, "/v1/session/link", Access::operator_only, bind(create_link),
       docs<void, IssuedLink>("create_link", "Session", "A token for /open#token=… that signs in as the operator once, within 24 hours", {},
                              "IssuedLink")},
      {Method::delete_, "/v1/session", Access::signed_in, bind(close_session), docs<void, void>("close_session", "Session", "Sign out")},
      {Method::get, "/v1/me", Access::signed_in, bind(get_me),
       docs<void, Me>("get_me", "Session", "Who the caller is, and in which teams", {}, "Me")},
      {Method::post, "/v1/keys", Access::admin, bind(create_key),
       docs<NewApiKey, IssuedApiKey>("create_key", "Keys", "Create an API key; the answer alone ever holds it", "NewApiKey",
                                     "IssuedApiKey")},
      {Method::get, "/v1/keys", Access::admin, bind(list_keys),
       docs<void, ListOf<ApiKey>>("list_keys", "Keys", "The team's keys, without the keys themselves", {}, "ApiKeyList",
                                  page_parameters())},
      {Method::delete_, "/v1/keys/{id}", Access::admin, bind(revoke_key),
       docs<void, void>("revoke_key", "Keys", "Revoke a key; effective within a second")},
  };
}

}  // namespace bridge
