#pragma once

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace bridge {

// Dies as under `kill -9` when BRIDGE_CRASH_AT names this point, so that a test can stop a save between any two of its writes. Not in
// release builds.
inline void crash_point([[maybe_unused]] std::string_view name) {
#ifndef NDEBUG
  const char* wanted = std::getenv("BRIDGE_CRASH_AT");
  if (wanted && name == wanted) std::raise(SIGKILL);
#endif
}

}  // namespace bridge
