#include "platform/worker_process/sandbox.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "platform/worker_process/landlock.h"
#include "platform/worker_process/system_call_filter.h"

namespace bridge {

namespace {

// What a layer leaves open, empty where it is nothing; or an error with the operator's reason why it is missing.
using Outcome = Result<std::string>;

std::unexpected<Error> missing(std::string_view what) { return fail(ErrorCode::unsupported, str(what, ": ", std::strerror(errno))); }

Outcome close_descriptors(int kept) {
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0) return missing("/dev/null cannot be opened");
  for (int standard = 0; standard <= 2; ++standard) {
    if (::dup2(nowhere, standard) < 0) return missing("dup2");
  }
  if (nowhere > 2 && nowhere != kept) ::close(nowhere);
  const auto close_range = [](unsigned first, unsigned last) { return first > last || ::close_range(first, last, 0) == 0; };
  if (!close_range(3, static_cast<unsigned>(kept) - 1) || !close_range(static_cast<unsigned>(kept) + 1, ~0U))
    return missing("close_range (Linux 5.9 or newer)");
  return "";
}

Outcome clear_environment(const SandboxOptions& options) {
  if (::clearenv() != 0) return missing("clearenv");
  if (!options.scratch_folder.empty() && ::setenv("TMPDIR", options.scratch_folder.c_str(), 1) != 0) return missing("setenv");
  return "";
}

Outcome become_not_dumpable() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return missing("PR_SET_DUMPABLE");
  return "";
}

bool limit(__rlimit_resource resource, std::uint64_t wanted) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return false;
  const auto value = std::min<rlim_t>(wanted, now.rlim_max);
  const rlimit set{.rlim_cur = value, .rlim_max = value};
  return ::setrlimit(resource, &set) == 0;
}

Outcome limit_resources(const SandboxOptions& options) {
  ::signal(SIGXFSZ, SIG_IGN);  // a file that is too large is an error of the write, and not the process's end
  if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, options.file_bytes_max) || !limit(RLIMIT_NOFILE, options.descriptors_max) ||
      !limit(RLIMIT_NPROC, worker_threads_of_user_max))
    return missing("setrlimit");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return "memory has no limit in a build with a sanitizer, whose own is larger";
#else
  if (!limit(RLIMIT_DATA, options.memory_bytes_max) || !limit(RLIMIT_AS, options.memory_bytes_max + worker_address_space_beside))
    return missing("setrlimit");
  return "";
#endif
}

Outcome renounce_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return missing("PR_SET_NO_NEW_PRIVS");
  return "";
}

}  // namespace

bool is_whole(const SandboxReport& report) {
  return !report.layers.empty() && std::ranges::all_of(report.layers, &SandboxLayerReport::in_force);
}

SandboxReport enter_sandbox(const SandboxOptions& options, int kept) {
  SandboxReport report;
  const auto enter = [&](SandboxLayer layer, auto&& work) {
    if (std::ranges::find(options.left_out, layer) != options.left_out.end()) {
      report.layers.push_back({.layer = layer, .in_force = false, .note = "left out"});
      return;
    }
    const Outcome outcome = work();
    report.layers.push_back({.layer = layer, .in_force = outcome.has_value(), .note = outcome ? *outcome : outcome.error().message});
  };
  enter(SandboxLayer::descriptors, [&] { return close_descriptors(kept); });
  enter(SandboxLayer::environment, [&] { return clear_environment(options); });
  enter(SandboxLayer::not_dumpable, [] { return become_not_dumpable(); });
  enter(SandboxLayer::resource_limits, [&] { return limit_resources(options); });
  // The two below need it, so that they may be entered without being the superuser.
  enter(SandboxLayer::no_new_privileges, [] { return renounce_privileges(); });
  enter(SandboxLayer::files, [&] { return restrict_files(options); });
  enter(SandboxLayer::network, [] { return restrict_network(); });
  enter(SandboxLayer::system_calls, [&] { return filter_system_calls({.may_write = !options.scratch_folder.empty()}); });
  return report;
}

}  // namespace bridge
