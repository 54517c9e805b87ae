#include "base/memory.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <fstream>

namespace bridge {
namespace {

constexpr const char* kGroupLimitFile = "/sys/fs/cgroup/memory.max";
constexpr std::uint64_t kUnknown = std::uint64_t{2} << 30;

}  // namespace

std::uint64_t process_memory_max() {
  struct sysinfo info {};
  std::uint64_t memory = sysinfo(&info) == 0 ? static_cast<std::uint64_t>(info.totalram) * info.mem_unit : kUnknown;
  std::uint64_t group = 0;
  if (std::ifstream file(kGroupLimitFile); file >> group && group > 0) memory = std::min(memory, group);  // "max" is no number
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) memory = std::min<std::uint64_t>(memory, limit.rlim_cur);
  return memory;
}

}  // namespace bridge
