#pragma once

namespace bridge {

// How many times longer the same work may take in this build: the thread sanitizer looks at every access to memory, the address sanitizer
// at nearly every one, and other tests run beside.
#if defined(__SANITIZE_THREAD__)
inline constexpr int kPatience = 20;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr int kPatience = 4;
#else
inline constexpr int kPatience = 1;
#endif

}  // namespace bridge
