#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace bridge {

// "brg_", 30 random base62 characters (178 bits), and their CRC-32 in 6 more: secret scanners recognise it, and a typing slip or a blind
// guess costs no look-up.
Secret make_api_key();
bool is_api_key(std::string_view text);
// "brg_" and eight characters: enough to tell keys apart, useless to guess the rest.
std::string api_key_prefix(std::string_view key);

// 256 random bits as base64url: a session, or a one-time link.
Secret make_token();
bool is_token(std::string_view text);

}  // namespace bridge
