#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/text.h"

// Everybody who calls is somebody, and conversations and their costs are somebody's: a user of the directory by the user's id; a key that
// belongs to no user as "key:…", and so is a browser that was signed in with it; who signed in with a link as "session:…"; the server's
// operator without a key as "operator". Callers go by these ids (`Caller::user_id`); columns that refer to users hold those of users alone.

namespace bridge {

inline constexpr std::string_view kOperatorPerson = "operator";

inline UserId person_of_key(std::string_view key_id) { return UserId(str("key:", key_id)); }
inline UserId person_of_session(std::string_view session_id) { return UserId(str("session:", session_id)); }

inline bool is_user(const UserId& person) {
  return !person.empty() && person.value() != kOperatorPerson && person.value().find(':') == std::string::npos;
}
// The user that a person is; empty for one that is none.
inline UserId user_of(const UserId& person) { return is_user(person) ? person : UserId(); }

}  // namespace bridge
