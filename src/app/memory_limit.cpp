#include "app/memory_limit.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/memory.h"

namespace bridge {
namespace {

constexpr rlim_t kLimitBytesMin = rlim_t{2} << 30;  // stacks of threads and the engine's first allocations count too
constexpr std::size_t kStackBytes = 2 << 20;        // of a thread; counts in full, used or not
constexpr int kReturnedBytesMin = 1 << 20;          // an allocation from this size on goes back to the system when it is freed
constexpr int kKeptBytesMax = 8 << 20;              // freed memory at an arena's end

constexpr std::size_t kFreeBytesMax = 16 << 20;

}  // namespace

void give_free_memory_back() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (mallinfo2().fordblks > kFreeBytesMax) malloc_trim(0);
#endif
}

void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their shadow memory alone is larger
  mallopt(M_MMAP_THRESHOLD, kReturnedBytesMin);
  mallopt(M_TRIM_THRESHOLD, kKeptBytesMax);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) == 0) {
    if (pthread_attr_setstacksize(&attributes, kStackBytes) == 0) pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0) return;
  const rlim_t wanted = std::max<rlim_t>(process_memory_max() / 2, kLimitBytesMin);
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur <= wanted) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

}  // namespace bridge
