#include "platform/network/resolve.h"

#include <netdb.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/guarded.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::chrono::milliseconds kResolveTimeMax{30'000};  // of a call without a sooner deadline

std::atomic<std::size_t> resolves_under_way = 0;

// Shared with a resolver that may outlive the call.
struct Resolving {
  std::mutex mutex;
  std::condition_variable_any done;
  std::optional<Result<std::vector<std::string>>> addresses;
};

Result<std::vector<std::string>> ask_system(const std::string& host) {
  const addrinfo hints{.ai_flags = AI_ADDRCONFIG, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const AtEnd free_found([&] {
    if (found) ::freeaddrinfo(found);
  });
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; code == 0 && one && addresses.size() < kAddressesOfNameMax; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::ranges::find(addresses, text) == addresses.end()) addresses.emplace_back(text);
  }
  if (!addresses.empty()) return addresses;
  return fail(Error{.code = ErrorCode::failed_precondition,
                    .message = str("There is no host '", host, "'"),
                    .detail = code == 0 ? std::string() : std::string(::gai_strerror(code)),
                    .reason = "host_not_found"});
}

}  // namespace

Result<std::vector<std::string>> resolve_host(const CallContext& context, const std::string& host) {
  TRY(context.check());
  const auto busy = [] {
    return fail(ErrorCode::unavailable, "resolver_busy", "Too many names are being resolved, and the resolver does not answer: try again");
  };
  if (resolves_under_way.fetch_add(1) >= kResolvesUnderWayMax) {
    --resolves_under_way;
    return busy();
  }
  const auto resolving = std::make_shared<Resolving>();
  const auto work = [resolving, host] {
    auto addresses = guarded([&] { return ask_system(host); });
    {
      const std::lock_guard lock(resolving->mutex);
      resolving->addresses = std::move(addresses);
    }
    resolving->done.notify_all();
    --resolves_under_way;
  };
  // getaddrinfo cannot be stopped, so that nobody waits for its thread.
  if (!guarded([&] { std::thread(work).detach(); })) {
    --resolves_under_way;
    return busy();
  }
  std::unique_lock lock(resolving->mutex);
  const bool is_done =
      resolving->done.wait_for(lock, context.stop, context.time_left(kResolveTimeMax), [&] { return resolving->addresses.has_value(); });
  if (is_done) return *resolving->addresses;
  TRY(context.check());
  return fail(ErrorCode::unavailable, "resolve_timeout", str("The resolver did not answer for '", host, "'"));
}

}  // namespace bridge
