#pragma once

#include <cstdlib>
#include <limits>
#include <new>

// For one .cpp of a test program: replaces the allocator of the whole program by one that can be told to fail.

namespace bridge {

// While it is in scope, the allocation number `nth` (from 1) of this thread fails, and when `and_after` all that follow.
class FailingAllocations final {
 public:
  explicit FailingAllocations(long nth, bool and_after = false) {
    left() = nth;
    all_after() = and_after;
  }
  ~FailingAllocations() { left() = kNever; }
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  bool has_failed() const { return left() <= 0; }

  // The same without a scope: until it has failed once. 0 takes it back.
  static void arm(long nth) {
    left() = nth > 0 ? nth : kNever;
    all_after() = false;
  }

  static bool fails_now() {
    if (left() == kNever) return false;
    --left();
    return left() == 0 || (left() < 0 && all_after());
  }

 private:
  static constexpr long kNever = std::numeric_limits<long>::max();
  static long& left() {
    thread_local constinit long value = kNever;
    return value;
  }
  static bool& all_after() {
    thread_local constinit bool value = false;
    return value;
  }
};

}  // namespace bridge

void* operator new(std::size_t size) {
  if (!bridge::FailingAllocations::fails_now()) {
    if (void* bytes = std::malloc(size > 0 ? size : 1)) return bytes;
  }
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return ::operator new(size); }
void operator delete(void* bytes) noexcept { std::free(bytes); }
void operator delete[](void* bytes) noexcept { std::free(bytes); }
void operator delete(void* bytes, std::size_t) noexcept { std::free(bytes); }
void operator delete[](void* bytes, std::size_t) noexcept { std::free(bytes); }
