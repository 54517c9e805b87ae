#include "app/memory_limit.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <fstream>

namespace bridge {
namespace {

constexpr rlim_t kLimitBytesMin = rlim_t{2} << 30;  // stacks of threads and the engine's first allocations count too
constexpr const char* kGroupLimitFile = "/sys/fs/cgroup/memory.max";

}  // namespace

void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their shadow memory alone is larger
  struct sysinfo info {};
  rlimit limit{};
  if (sysinfo(&info) != 0 || getrlimit(RLIMIT_DATA, &limit) != 0) return;
  rlim_t memory = static_cast<rlim_t>(info.totalram) * info.mem_unit;
  rlim_t group = 0;
  if (std::ifstream file(kGroupLimitFile); file >> group && group > 0) memory = std::min(memory, group);  // "max" is no number
  const rlim_t wanted = std::max(memory / 2, kLimitBytesMin);
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur <= wanted) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

}  // namespace bridge
