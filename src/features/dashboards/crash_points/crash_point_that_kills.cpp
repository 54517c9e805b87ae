#include <csignal>
#include <cstdlib>

#include "features/dashboards/crash_point.h"

namespace bridge {

void crash_point(std::string_view name) {
  const char* wanted = std::getenv("BRIDGE_CRASH_AT");
  if (wanted && name == wanted) std::raise(SIGKILL);
}

}  // namespace bridge
