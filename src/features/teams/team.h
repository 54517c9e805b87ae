#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"

namespace bridge {

BOOST_DESCRIBE_ENUM(Role, viewer, editor, admin)

using ApiKeyId = Id<struct ApiKeyTag>;
using WebSessionId = Id<struct WebSessionTag>;

// The tenant: everything but prompt blocks belongs to exactly one.
struct Team {
  TeamId id;
  std::string name;
  std::string slug;  // unique, [a-z0-9-]{1,63}
  Time created_at;
  Time updated_at;
};
BOOST_DESCRIBE_STRUCT(Team, (), (id, name, slug, created_at, updated_at))

struct NewTeam {
  std::string name;
  std::optional<std::string> slug;
};
BOOST_DESCRIBE_STRUCT(NewTeam, (), (name, slug))
template <>
inline constexpr auto field_notes<NewTeam> = std::to_array<FieldNote>({
    {.name = "name", .about = "What people call the team", .subject = "A team's name", .length_max = 100},
    {.name = "slug", .about = "Unique, [a-z0-9-]{1,63}; made from the name when not given", .subject = "A team's slug", .length_max = 63},
});

struct TeamMember {
  TeamId team_id;
  UserId user_id;
  Role role = Role::viewer;
  Time created_at;
};
BOOST_DESCRIBE_STRUCT(TeamMember, (), (team_id, user_id, role, created_at))

// A key without the key itself, which is shown once and never stored.
struct ApiKey {
  ApiKeyId id;
  TeamId team_id;  // empty for an operator's key
  UserId user_id;  // empty for a key that belongs to no person
  std::string name;
  std::string prefix;  // "brg_" and the next eight characters
  Role role = Role::viewer;
  Time created_at;
  std::optional<Time> last_used_at;
  std::optional<Time> expires_at;
  std::optional<Time> revoked_at;
};
BOOST_DESCRIBE_STRUCT(ApiKey, (), (id, team_id, user_id, name, prefix, role, created_at, last_used_at, expires_at, revoked_at))

struct NewApiKey {
  std::string name;
  Role role = Role::viewer;
  std::optional<int> expires_in_days;
};
BOOST_DESCRIBE_STRUCT(NewApiKey, (), (name, role, expires_in_days))
template <>
inline constexpr auto field_notes<NewApiKey> = std::to_array<FieldNote>({
    {.name = "name", .about = "What the key is for", .subject = "A key's name", .length_max = 100},
    {.name = "role", .about = "What the key may do", .optional = true},
    {.name = "expires_in_days", .about = "90 when not given; 0: never", .minimum = 0, .maximum = 3650},
});

// The only answer that ever holds the key's text.
struct IssuedApiKey {
  ApiKeyId id;
  std::string name;
  std::string prefix;
  Role role = Role::viewer;
  Time created_at;
  std::optional<Time> expires_at;
  std::string key;
};
BOOST_DESCRIBE_STRUCT(IssuedApiKey, (), (id, name, prefix, role, created_at, expires_at, key))

// What is exchanged for a web session: a one-time link's token, or an API key.
struct SignIn {
  std::optional<Secret> token;
  std::optional<Secret> key;
};
BOOST_DESCRIBE_STRUCT(SignIn, (), (token, key))

struct MyTeam {
  TeamId id;
  std::string name;
  std::string slug;
  Role role = Role::viewer;
};
BOOST_DESCRIBE_STRUCT(MyTeam, (), (id, name, slug, role))

// Who the caller is.
struct Me {
  std::optional<UserId> user_id;
  Role role = Role::viewer;
  bool is_operator = false;
  std::optional<TeamId> team_id;
  std::vector<MyTeam> teams;
};
BOOST_DESCRIBE_STRUCT(Me, (), (user_id, role, is_operator, team_id, teams))

}  // namespace bridge
