#include "platform/http/waiting_stack.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace bridge {

namespace {

constexpr std::uintptr_t kMarginBytes = 8 << 10;  // below the frame: signal handlers, and this function itself

// The lowest address of this thread's stack behind its guard pages; 0 when it cannot be known.
std::uintptr_t stack_bottom() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* address = nullptr;
  std::size_t size = 0;
  std::size_t guard = 0;
  pthread_attr_getstack(&attributes, &address, &size);
  pthread_attr_getguardsize(&attributes, &guard);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<std::uintptr_t>(address) + guard;
}

}  // namespace

void release_unused_stack() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep their own accounts of stacks
  static thread_local const std::uintptr_t bottom = stack_bottom();
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const std::uintptr_t from = (bottom + page - 1) / page * page;
  const std::uintptr_t until = (here - kMarginBytes) / page * page;
  if (bottom != 0 && from < until) madvise(reinterpret_cast<void*>(from), until - from, MADV_DONTNEED);
#endif
}

}  // namespace bridge
