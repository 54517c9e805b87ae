#include "features/teams/api_key.h"

#include <zlib.h>

#include "base/ids.h"
#include "base/text.h"

namespace bridge {
namespace {

constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kKeyStart = "brg_";
constexpr std::size_t kRandomCharacters = 30;
constexpr std::size_t kChecksumCharacters = 6;
constexpr std::size_t kTokenCharacters = 43;

std::string checksum_of(std::string_view random) {
  std::uint64_t value = crc32(0, reinterpret_cast<const unsigned char*>(random.data()), static_cast<unsigned>(random.size()));
  std::string out(kChecksumCharacters, '0');
  for (std::size_t i = kChecksumCharacters; i-- > 0; value /= 62) out[i] = kBase62[value % 62];
  return out;
}

std::string random_base62(std::size_t count) {
  std::string out;
  while (out.size() < count) {
    for (const char byte : random_bytes(2 * count)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < 248 && out.size() < count) out += kBase62[value % 62];  // 248 = 4 × 62: every character is equally likely
    }
  }
  return out;
}

}  // namespace

Secret make_api_key() {
  const std::string random = random_base62(kRandomCharacters);
  return Secret(str(kKeyStart, random, checksum_of(random)));
}

bool is_api_key(std::string_view text) {
  if (text.size() != kKeyStart.size() + kRandomCharacters + kChecksumCharacters || !text.starts_with(kKeyStart)) return false;
  const std::string_view random = text.substr(kKeyStart.size(), kRandomCharacters);
  return random.find_first_not_of(kBase62) == std::string_view::npos &&
         text.substr(kKeyStart.size() + kRandomCharacters) == checksum_of(random);
}

std::string api_key_prefix(std::string_view key) { return std::string(key.substr(0, kKeyStart.size() + 8)); }

Secret make_token() { return Secret(encode_base64url(random_bytes(32))); }

bool is_token(std::string_view text) { return text.size() == kTokenCharacters && decode_base64url(text).has_value(); }

}  // namespace bridge
