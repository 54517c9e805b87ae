#include "base/ids.h"

#include <sys/random.h>

#include <chrono>
#include <cstdlib>
#include <mutex>

#include "base/text.h"

namespace bridge {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = getrandom(bytes.data() + filled, count - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
    else if (errno != EINTR) std::abort();  // without randomness nothing here is safe
  }
  return bytes;
}

std::string make_uuid() {
  static std::mutex mutex;
  static std::uint64_t last = 0;
  // 48 bits of milliseconds and a 12-bit counter below them: ids made by one process never go backwards.
  std::uint64_t stamp = 0;
  {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const std::lock_guard lock(mutex);
    last = std::max(last + 1, static_cast<std::uint64_t>(now) << 12);
    stamp = last;
  }
  std::string bytes(16, '\0');
  const std::uint64_t ms = stamp >> 12;
  for (int i = 0; i < 6; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(ms >> (40 - 8 * i));
  bytes[6] = static_cast<char>(0x70 | ((stamp >> 8) & 0x0F));
  bytes[7] = static_cast<char>(stamp & 0xFF);
  const std::string random = random_bytes(8);
  bytes.replace(8, 8, random);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3F) | 0x80);
  std::string hex = encode_hex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
  return hex;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace bridge
