#include "base/call_context.h"

#include <algorithm>

namespace bridge {

Result<> CallContext::check() const {
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "The call was cancelled");
  if (deadline && Clock::now() >= *deadline) return fail(ErrorCode::deadline_exceeded, "The call took longer than its deadline");
  return {};
}

std::chrono::milliseconds CallContext::time_left(std::chrono::milliseconds limit) const {
  if (!deadline) return limit;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now());
  return std::clamp(left, std::chrono::milliseconds{0}, limit);
}

CallContext CallContext::with_timeout(std::chrono::milliseconds limit) const {
  CallContext context = *this;
  const auto until = Clock::now() + limit;
  context.deadline = deadline ? std::min(*deadline, until) : until;
  return context;
}

}  // namespace bridge
