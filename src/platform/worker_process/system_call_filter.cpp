#include "platform/worker_process/system_call_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/text.h"

namespace bridge {

namespace {

// The kernel takes the number of a call and the words of its arguments from a struct; a filter may compare them and no memory they point
// at.
#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif
constexpr std::uint32_t kX32Bit = 0x40000000;  // x86-64 with short pointers: other numbers for the same calls

// Calls that are allowed whatever their arguments are.
constexpr std::uint32_t plain_calls[] = {
    // what is open
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_lseek,
    SYS_close,
    SYS_fstat,
    SYS_fsync,
    SYS_fdatasync,
    SYS_fadvise64,
    SYS_readahead,
    SYS_flock,
    SYS_fstatfs,
    SYS_getdents64,
    SYS_ftruncate,
    SYS_fallocate,
    // names
    SYS_newfstatat,
    SYS_statx,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_statfs,
    SYS_getcwd,
    // memory
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    // threads
    SYS_futex,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_rseq,
    SYS_set_tid_address,
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_exit,
    SYS_exit_group,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_getcpu,
    SYS_membarrier,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_restart_syscall,
    // its own signals
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigpending,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    // time, chance, what machine this is
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_times,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_uname,
    SYS_getrandom,
    // sockets that it was given; not sendmsg, which passes descriptors
    SYS_ppoll,
    SYS_sendto,
    SYS_recvfrom,
    SYS_recvmsg,
#if defined(__x86_64__)  // older names of the same, which newer architectures have no more
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_poll,
    SYS_time,
    SYS_getrlimit,
#endif
};

// With a folder to write in.
constexpr std::uint32_t writing_calls[] = {
    SYS_unlinkat, SYS_mkdirat, SYS_renameat2,
#if defined(__x86_64__)
    SYS_unlink,   SYS_mkdir,   SYS_rmdir,     SYS_rename, SYS_renameat,
#endif
};

constexpr std::uint32_t fcntl_commands[] = {F_GETFD,  F_SETFD,     F_GETFL,     F_SETFL,      F_GETLK,        F_SETLK,
                                            F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_DUPFD_CLOEXEC};
constexpr std::uint32_t prctl_options[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_DUMPABLE};
constexpr std::uint32_t thread_flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
constexpr std::uint32_t writing_flags = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
constexpr std::uint32_t shared_flags = MAP_SHARED | MAP_GROWSDOWN | MAP_HUGETLB;  // the first bit of MAP_SHARED_VALIDATE too

// A program of the kernel's small machine: one word, compared and tested. Every piece that is added either returns or leaves the word as
// it was, so that the next may go on with it.
class Program final {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void load_number() { load(offsetof(seccomp_data, nr)); }
  // The lower or the upper word of an argument, from 0. Both architectures keep the lower one first.
  void load_argument(int index, bool is_upper = false) {
    load(offsetof(seccomp_data, args) + static_cast<std::size_t>(index) * sizeof(std::uint64_t) + (is_upper ? sizeof(std::uint32_t) : 0));
  }
  void end(std::uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }
  void end_if_equal(std::uint32_t value, std::uint32_t verdict) { skip_one_unless(BPF_JEQ, value, verdict); }
  void end_unless_equal(std::uint32_t value, std::uint32_t verdict) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
    end(verdict);
  }
  void end_if_any(std::uint32_t bits, std::uint32_t verdict) { skip_one_unless(BPF_JSET, bits, verdict); }
  void end_if_at_least(std::uint32_t value, std::uint32_t verdict) { skip_one_unless(BPF_JGE, value, verdict); }
  void keep_bits(std::uint32_t bits) { add(BPF_ALU | BPF_AND | BPF_K, bits); }

  // What `judge` adds is for this call alone, and has to end.
  template <class Judge>
  void on_call(std::uint32_t number, const Judge& judge) {
    Program body;
    judge(body);
    add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, static_cast<std::uint8_t>(body.code_.size()));
    code_.insert(code_.end(), body.code_.begin(), body.code_.end());
  }

  sock_fprog as_kernel_takes_it() { return {.len = static_cast<unsigned short>(code_.size()), .filter = code_.data()}; }

 private:
  void add(int code, std::uint32_t k, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    code_.push_back({.code = static_cast<std::uint16_t>(code), .jt = if_true, .jf = if_false, .k = k});
  }
  void skip_one_unless(int test, std::uint32_t value, std::uint32_t verdict) {
    add(BPF_JMP | test | BPF_K, value, 0, 1);
    end(verdict);
  }

  std::vector<sock_filter> code_;
};

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kKill = SECCOMP_RET_KILL_PROCESS;
constexpr std::uint32_t refusal(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

void allow_one_of(Program& program, int argument, std::span<const std::uint32_t> values) {
  program.load_argument(argument);
  for (const std::uint32_t value : values) program.end_if_equal(value, kAllow);
  program.end(refusal(EPERM));
}

void add_opening(Program& program, const SystemCallOptions& options) {
  const auto judge = [&](int flags_argument) {
    return [&options, flags_argument](Program& body) {
      if (!options.may_write) {
        body.load_argument(flags_argument);
        body.end_if_any(writing_flags, refusal(EACCES));
      }
      body.end(kAllow);
    };
  };
  program.on_call(SYS_openat, judge(2));
#if defined(__x86_64__)
  program.on_call(SYS_open, judge(1));
#endif
}

// Private memory alone: what is shared is not counted as the process's, and what can be executed was there before.
void add_memory(Program& program) {
  program.on_call(SYS_mmap, [](Program& body) {
    body.load_argument(2);
    body.end_if_any(PROT_EXEC, refusal(EPERM));
    // Shared: a file that is read, as SQLite reads the index of a write-ahead log.
    body.load_argument(3);
    body.keep_bits(shared_flags | MAP_ANONYMOUS);
    body.end_if_equal(0, kAllow);
    body.end_if_equal(MAP_ANONYMOUS, kAllow);
    body.end_unless_equal(MAP_SHARED, refusal(EPERM));
    body.load_argument(2);
    body.end_if_any(PROT_WRITE, refusal(EPERM));
    body.end(kAllow);
  });
  program.on_call(SYS_mprotect, [](Program& body) {
    body.load_argument(2);
    body.end_if_any(PROT_EXEC | PROT_GROWSDOWN | PROT_GROWSUP, refusal(EPERM));
    body.end(kAllow);
  });
}

void add_threads(Program& program) {
  // Its flags are in memory: the C library then asks in the older way, whose flags are in a register.
  program.on_call(SYS_clone3, [](Program& body) { body.end(refusal(ENOSYS)); });
  program.on_call(SYS_clone, [](Program& body) {
    body.load_argument(0);
    body.end_if_any(CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
                    refusal(EPERM));
    body.keep_bits(thread_flags);
    body.end_unless_equal(thread_flags, refusal(EPERM));
    body.end(kAllow);
  });
  // Its own threads, as abort() does.
  program.on_call(SYS_tgkill, [](Program& body) {
    body.load_argument(0);
    body.end_if_equal(static_cast<std::uint32_t>(::getpid()), kAllow);
    body.end(refusal(EPERM));
  });
}

// Reads limits, sets none.
void add_limits(Program& program) {
  program.on_call(SYS_prlimit64, [](Program& body) {
    body.load_argument(2);
    body.end_unless_equal(0, refusal(EPERM));
    body.load_argument(2, true);
    body.end_unless_equal(0, refusal(EPERM));
    body.end(kAllow);
  });
}

Program make_program(const SystemCallOptions& options) {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.end_unless_equal(kArchitecture, kKill);
  program.load_number();
#if defined(__x86_64__)
  program.end_if_at_least(kX32Bit, kKill);
#endif
  for (const std::uint32_t number : plain_calls) program.end_if_equal(number, kAllow);
  if (options.may_write) {
    for (const std::uint32_t number : writing_calls) program.end_if_equal(number, kAllow);
  }
  add_opening(program, options);
  add_memory(program);
  add_threads(program);
  add_limits(program);
  program.on_call(SYS_fcntl, [](Program& body) { allow_one_of(body, 1, fcntl_commands); });
  program.on_call(SYS_prctl, [](Program& body) { allow_one_of(body, 0, prctl_options); });
  program.on_call(SYS_ioctl, [](Program& body) { body.end(refusal(ENOTTY)); });  // "is this a terminal?"
  program.end(refusal(EPERM));
  return program;
}

}  // namespace

Result<std::string> filter_system_calls(const SystemCallOptions& options) {
  if (kArchitecture == 0) return fail(ErrorCode::unsupported, "the system calls of this machine's architecture are not listed");
  Program program = make_program(options);
  const sock_fprog filter = program.as_kernel_takes_it();
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0) return "";
  if (errno == EINVAL) return fail(ErrorCode::unsupported, "this kernel has no filters of system calls (CONFIG_SECCOMP_FILTER)");
  return fail(ErrorCode::unsupported, str("filters of system calls are not allowed here: ", std::strerror(errno)));
}

}  // namespace bridge
