#include "base/digest.h"

#include <openssl/sha.h>

#include "base/text.h"

namespace bridge {

std::string sha256(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string sha256_hex(std::string_view bytes) { return encode_hex(sha256(bytes)); }

}  // namespace bridge
