#include "platform/worker_process/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "platform/worker_process/file_descriptor.h"

namespace bridge {

namespace {

// Debian 12's headers know version 2; the numbers are the kernel's interface and never change.
constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14;     // since version 3
constexpr std::uint64_t kDeviceIoctl = std::uint64_t{1} << 15;  // since version 5
constexpr std::uint64_t kBindAndConnectTcp = 3;                 // since version 4
constexpr std::uint64_t kSocketsAndSignals = 3;                 // since version 6
constexpr std::uint64_t kFirstVersionAccess = (std::uint64_t{1} << 13) - 1;
constexpr int kTruncateSince = 3;
constexpr int kTcpSince = 4;
constexpr int kIoctlSince = 5;
constexpr int kScopesSince = 6;

struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};

Result<int> version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version > 0) return static_cast<int>(version);
  if (errno == EOPNOTSUPP) return fail(ErrorCode::unsupported, "Landlock is switched off in this kernel (boot parameter lsm=)");
  if (errno == ENOSYS) return fail(ErrorCode::unsupported, "this kernel has no Landlock (Linux 5.13 or newer)");
  return fail(ErrorCode::unsupported, str("Landlock is not allowed here, perhaps by a container: ", std::strerror(errno)));
}

Result<FileDescriptor> make_ruleset(const RulesetAttributes& attributes, int version) {
  const std::size_t size = version >= kScopesSince ? 24 : version >= kTcpSince ? 16 : 8;
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
  if (ruleset < 0) return fail(ErrorCode::unsupported, str("Landlock refused its rules: ", std::strerror(errno)));
  return FileDescriptor(static_cast<int>(ruleset));
}

Result<> enforce(const FileDescriptor& ruleset) {
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0) return {};
  return fail(ErrorCode::unsupported, str("Landlock could not be put in force: ", std::strerror(errno)));
}

// A path that cannot be opened needs no rule: nobody can open it. Paths come without links: one that has become a link since leads
// somewhere else, and is not followed.
FileDescriptor open_place(const std::string& path) {
  open_how how{.flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return FileDescriptor(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

Result<> allow(const FileDescriptor& ruleset, const std::string& path, std::uint64_t for_files, std::uint64_t for_folders) {
  const FileDescriptor place = open_place(path);
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0) return {};
  const landlock_path_beneath_attr rule{.allowed_access = S_ISDIR(status.st_mode) ? for_files | for_folders : for_files,
                                        .parent_fd = place.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
  return fail(ErrorCode::unsupported, str("Landlock refused a rule: ", std::strerror(errno)));
}

}  // namespace

Result<std::string> restrict_files(const SandboxOptions& options) {
  const int abi = TRY(version());
  std::uint64_t all = kFirstVersionAccess;
  if (abi >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= kTruncateSince) all |= kTruncate;
  if (abi >= kIoctlSince) all |= kDeviceIoctl;
  const FileDescriptor ruleset = TRY(make_ruleset({.files = all}, abi));
  for (const std::string& path : options.readable_paths)
    TRY(allow(ruleset, path, LANDLOCK_ACCESS_FS_READ_FILE, LANDLOCK_ACCESS_FS_READ_DIR));
  if (!options.scratch_folder.empty()) {
    const std::uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | (kTruncate & all);
    const std::uint64_t of_folders = LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR;
    TRY(allow(ruleset, options.scratch_folder, of_files, of_folders));
  }
  TRY(enforce(ruleset));
  return abi >= kTruncateSince ? "" : "this kernel's Landlock does not keep files from being cut (Linux 6.2 or newer does)";
}

Result<std::string> restrict_network() {
  const int abi = TRY(version());
  if (abi < kTcpSince) return fail(ErrorCode::unsupported, "this kernel's Landlock knows no network (Linux 6.7 or newer)");
  const RulesetAttributes attributes{.network = kBindAndConnectTcp, .scopes = abi >= kScopesSince ? kSocketsAndSignals : 0};
  TRY(enforce(TRY(make_ruleset(attributes, abi))));
  return abi >= kScopesSince ? "" : "this kernel's Landlock knows neither abstract sockets nor signals (Linux 6.12 or newer)";
}

}  // namespace bridge
