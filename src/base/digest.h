#pragma once

#include <string>
#include <string_view>

namespace bridge {

// SHA-256 of the bytes: 32 bytes, or 64 hexadecimal digits.
std::string sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

}  // namespace bridge
