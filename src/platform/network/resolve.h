#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"

namespace bridge {

inline constexpr std::size_t kResolvesUnderWayMax = 32;
inline constexpr std::size_t kAddressesOfNameMax = 16;

// The addresses that a host's name has now, as numbers, in the order in which they are to be tried; of an address the same. Waits no longer
// than the call: what the system's resolver still does then goes on by itself. failed_precondition ("host_not_found") when there is no such
// host; unavailable ("resolver_busy") when too many resolvers hang. Thread-safe.
Result<std::vector<std::string>> resolve_host(const CallContext& context, const std::string& host);

}  // namespace bridge
