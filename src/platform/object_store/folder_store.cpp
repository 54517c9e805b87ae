#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/context_mutex.h"
#include "base/text.h"
#include "platform/object_store/limits.h"
#include "platform/object_store/object_store.h"

// A folder as an object store: an object is the file of its key, readable and editable with ordinary tools.
//
// Generation. The file's modification time in microseconds, which this store sets itself: on the temporary file, under the object's lock,
// to the later of now and one more than the time of the file that it replaces. So it changes with every write however quick and whatever
// the clock does, one rename brings content and generation together, listing needs only `stat`, it survives restarts and copies that keep
// times, and an edit with an editor (which sets the time to now) counts as the write it is. A sidecar file or extended attribute would be a
// second thing that a crash can separate from the first. A file system without microseconds is refused when the store is opened.
//
// Writes. Temporary file in `.temp/` of the same file system → fsync → rename → fsync of the folder. A temporary file is locked by its
// writer while it lives, so that opening the store removes exactly those whose writer is gone.
//
// Locks. The writers of an object exclude each other, in this process by a mutex and between processes by flock, on one of a fixed number
// of stripes in `.locks/`. Readers take none.

namespace bridge {
namespace {

constexpr int kStripes = 64;
constexpr const char* kTempFolder = "/.temp";
constexpr const char* kLockFolder = "/.locks";

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::unexpected<Error> storage_error(int code, std::string_view what, std::string_view path) {
  Error error{.detail = str(what, " ", path, ": ", std::strerror(code))};
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
    error.code = ErrorCode::resource_exhausted;
    error.reason = "disk_full";
    error.message = "The disk that holds the object store is full: make space, then try again";
  } else if (code == EMFILE || code == ENFILE) {
    error.code = ErrorCode::unavailable;
    error.reason = "too_many_files";
    error.message = "Too many files are open: try again";
    error.retry_after = std::chrono::seconds(1);
  } else if (code == ENOTDIR || code == EISDIR || code == EEXIST || code == ELOOP) {
    error.code = ErrorCode::failed_precondition;
    error.reason = "object_in_the_way";
    error.message = "Another object or a link stands where this one would go";
  } else if (code == EACCES || code == EPERM || code == EROFS) {
    error.code = ErrorCode::unavailable;
    error.reason = "store_not_writable";
    error.message = "The object store's folder cannot be used: check its permissions";
  } else {
    error.code = ErrorCode::unavailable;
    error.reason = "disk_error";
    error.message = "The disk that holds the object store fails";
  }
  return fail(std::move(error));
}

Generation generation_of(const struct stat& status) {
  return static_cast<Generation>(status.st_mtim.tv_sec) * 1'000'000 + status.st_mtim.tv_nsec / 1'000;
}

Result<> check_key(std::string_view key) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::invalid_argument, "object_key_invalid", str("The object key ", why));
  };
  if (key.empty()) return refuse("is empty");
  if (key.size() > kKeyBytesMax) return refuse(str("is longer than ", kKeyBytesMax, " bytes"));
  if (!is_valid_utf8(key)) return refuse("is not valid UTF-8");
  for (const char c : key) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return refuse("holds a control character or a backslash");
  }
  for (const std::string& segment : split(key, '/')) {
    if (segment.empty() || segment == "." || segment == "..") return refuse("has an empty, '.' or '..' segment");
    if (segment.size() > kSegmentBytesMax) return refuse(str("has a segment longer than ", kSegmentBytesMax, " bytes"));
  }
  const std::string_view first = key.substr(0, key.find('/'));
  if (first == kTempFolder + 1 || first == kLockFolder + 1) return refuse("begins with a reserved segment");
  return {};
}

Result<> sync_folder(const std::string& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return storage_error(errno, "fsync", path);
  return {};
}

// Makes the folder and those above it, down from `root`, each durable.
Result<> make_folders(const std::string& root, const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0) return {};
  for (std::size_t end = root.size(); end != std::string::npos;) {
    end = folder.find('/', end + 1);
    const std::string part = folder.substr(0, end);
    if (::mkdir(part.c_str(), 0700) == 0) TRY(sync_folder(part.substr(0, part.rfind('/'))));
    else if (errno != EEXIST) return storage_error(errno, "mkdir", part);
  }
  return {};
}

Result<> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return storage_error(count == 0 ? EIO : errno, "write", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// A file in `.temp/` that its writer holds locked, gone when it goes unless it was renamed.
class TemporaryFile {
 public:
  static Result<TemporaryFile> make(const std::string& root) {
    constexpr int attempts_max = 8;
    for (int i = 0; i < attempts_max; ++i) {
      std::string path = str(root, kTempFolder, "/", make_uuid());
      FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
      if (!fd) return storage_error(errno, "open", path);
      struct stat status {};
      // Somebody who opens the store may take the lock first, and the file with it.
      if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd.get(), &status) == 0 && status.st_nlink == 1)
        return TemporaryFile(std::move(path), std::move(fd));
    }
    return fail(Error{.code = ErrorCode::unavailable,
                      .message = "The object store is busy: try again",
                      .reason = "store_busy",
                      .retry_after = std::chrono::seconds(1)});
  }
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  int fd() const { return fd_.get(); }

  Result<> fill(std::string_view content, Generation generation) {
    TRY(write_all(fd_.get(), content, path_));
    const timespec time{.tv_sec = generation / 1'000'000, .tv_nsec = (generation % 1'000'000) * 1'000};
    const timespec times[2] = {time, time};
    if (::futimens(fd_.get(), times) != 0) return storage_error(errno, "futimens", path_);
    if (::fsync(fd_.get()) != 0) return storage_error(errno, "fsync", path_);
    return {};
  }

  Result<> rename_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return storage_error(errno, "rename", path);
    path_.clear();
    return {};
  }

 private:
  TemporaryFile(std::string path, FileDescriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  FileDescriptor fd_;
};

struct Stripe {
  ContextMutex mutex;
  FileDescriptor file;
};

class StripeLock {
 public:
  StripeLock(ContextMutex::Lock lock, int fd) : lock_(std::move(lock)), fd_(fd) {}
  StripeLock(StripeLock&& other) noexcept : lock_(std::move(other.lock_)), fd_(std::exchange(other.fd_, -1)) {}
  StripeLock& operator=(StripeLock&&) = delete;
  ~StripeLock() {
    if (fd_ >= 0) ::flock(fd_, LOCK_UN);
  }

 private:
  ContextMutex::Lock lock_;
  int fd_;
};

class FolderStore final : public ObjectStore {
 public:
  explicit FolderStore(std::string root) : root_(std::move(root)) {}

  Result<> open() {
    TRY(make_folders("", root_));
    TRY(make_folders(root_, root_ + kTempFolder));
    TRY(make_folders(root_, root_ + kLockFolder));
    for (int i = 0; i < kStripes; ++i) {
      const std::string path = str(root_, kLockFolder, "/", i);
      stripes_[static_cast<std::size_t>(i)].file = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
      if (!stripes_[static_cast<std::size_t>(i)].file) return storage_error(errno, "open", path);
    }
    remove_abandoned_files();
    return check_times();
  }

  Result<Generation> put(const CallContext& context, std::string_view key, std::string_view content, Generation expected) override {
    TRY(check_key(key));
    if (content.size() > kObjectBytesMax)
      return fail(ErrorCode::payload_too_large, str("An object holds at most ", format_bytes(kObjectBytesMax)));
    const std::string path = path_of(key);
    const StripeLock lock = TRY(acquire(context, key));
    TRY(check_root());
    const Generation current = TRY(current_generation(path));
    TRY(check_expected(current, expected));
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const Generation next = std::max<Generation>(now, current + 1);
    TemporaryFile file = TRY(TemporaryFile::make(root_));
    TRY(file.fill(content, next));
    const std::string folder = path.substr(0, path.rfind('/'));
    TRY(make_folders(root_, folder));
    TRY(context.check());
    TRY(file.rename_to(path));
    TRY(sync_folder(folder));
    return next;
  }

  Result<Object> get(const CallContext& context, std::string_view key) override {
    TRY(check_key(key));
    TRY(context.check());
    const std::string path = path_of(key);
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status {};
    if (!file) {
      if (errno != ENOENT && errno != ENOTDIR) return storage_error(errno, "open", path);
      TRY(check_root());
      return missing();
    }
    if (::fstat(file.get(), &status) != 0) return storage_error(errno, "fstat", path);
    if (!S_ISREG(status.st_mode)) return missing();
    if (static_cast<std::size_t>(status.st_size) > kObjectBytesMax)
      return fail(ErrorCode::payload_too_large, str("An object holds at most ", format_bytes(kObjectBytesMax)));
    Object object{.generation = generation_of(status)};
    object.content.resize(static_cast<std::size_t>(status.st_size));
    std::size_t filled = 0;
    while (filled < object.content.size()) {
      const ssize_t count = ::read(file.get(), object.content.data() + filled, object.content.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return storage_error(errno, "read", path);
      if (count == 0) break;  // cut short by an editor meanwhile
      filled += static_cast<std::size_t>(count);
    }
    object.content.resize(filled);
    return object;
  }

  Result<> remove(const CallContext& context, std::string_view key, Generation expected) override {
    TRY(check_key(key));
    const std::string path = path_of(key);
    const StripeLock lock = TRY(acquire(context, key));
    TRY(check_root());
    const Generation current = TRY(current_generation(path));
    TRY(check_expected(current, expected));
    if (current == 0) return {};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return storage_error(errno, "unlink", path);
    return sync_folder(path.substr(0, path.rfind('/')));
  }

  Result<std::vector<ObjectName>> list(const CallContext& context, std::string_view prefix) override {
    std::vector<ObjectName> out;
    const std::size_t slash = prefix.rfind('/');
    const std::string folder(slash == std::string_view::npos ? "" : prefix.substr(0, slash));
    if (!folder.empty()) TRY(check_key(folder));
    TRY(list_folder(context, folder, prefix, out));
    std::ranges::sort(out, {}, &ObjectName::key);
    return out;
  }

  std::string url(std::string_view key) const override { return str("file://", root_, "/", key); }

 private:
  std::string path_of(std::string_view key) const { return str(root_, "/", key); }

  // Without it nothing is there, which says nothing of what was.
  Result<> check_root() const {
    if (::access(root_.c_str(), F_OK) == 0) return {};
    return fail(Error{.code = ErrorCode::unavailable,
                      .message = "The data folder was moved or removed while the server runs: put it back, then start the server again",
                      .detail = root_,
                      .reason = "data_folder_gone"});
  }

  static std::unexpected<Error> missing() { return fail(ErrorCode::not_found, "object_not_found", "There is no such object"); }

  static Result<> check_expected(Generation current, Generation expected) {
    if (expected == kAnyGeneration || expected == current) return {};
    return fail(ErrorCode::aborted, "object_changed",
                expected == 0 ? "The object exists already" : "The object was changed by somebody else");
  }

  // 0 when there is none.
  static Result<Generation> current_generation(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return 0;
      return storage_error(errno, "lstat", path);
    }
    if (!S_ISREG(status.st_mode)) return storage_error(EISDIR, "lstat", path);
    return generation_of(status);
  }

  Result<StripeLock> acquire(const CallContext& context, std::string_view key) {
    using Clock = CallContext::Clock;
    Stripe& stripe = stripes_[std::hash<std::string_view>{}(key) % kStripes];
    const auto until = *context.with_timeout(kLockWaitMax).deadline;
    const auto busy = [] {
      return fail(Error{.code = ErrorCode::unavailable,
                        .message = "The object is being written: try again",
                        .reason = "object_busy",
                        .retry_after = std::chrono::seconds(1)});
    };
    ContextMutex::Lock lock = TRY(stripe.mutex.lock(context, kLockWaitMax));
    if (!lock) return busy();
    while (::flock(stripe.file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) return storage_error(errno, "flock", root_);
      TRY(context.check());
      if (Clock::now() >= until) return busy();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return StripeLock(std::move(lock), stripe.file.get());
  }

  Result<> list_folder(const CallContext& context, const std::string& folder, std::string_view prefix, std::vector<ObjectName>& out) const {
    TRY(context.check());
    const std::string path = folder.empty() ? root_ : path_of(folder);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(path.c_str()), &::closedir);
    if (!entries) {
      if (errno != ENOENT && errno != ENOTDIR) return storage_error(errno, "opendir", path);
      return check_root();
    }
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || (folder.empty() && (name == kTempFolder + 1 || name == kLockFolder + 1))) continue;
      const std::string key = folder.empty() ? std::string(name) : str(folder, "/", name);
      struct stat status {};
      if (::fstatat(::dirfd(entries.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
      if (S_ISDIR(status.st_mode)) {
        const std::string inside = key + "/";
        if (inside.starts_with(prefix) || prefix.starts_with(inside)) TRY(list_folder(context, key, prefix, out));
      } else if (S_ISREG(status.st_mode) && key.starts_with(prefix)) {
        if (out.size() == kListedObjectsMax) return fail(ErrorCode::resource_exhausted, str("More than ", kListedObjectsMax, " objects"));
        out.push_back({.key = key, .generation = generation_of(status), .size_bytes = status.st_size});
      }
    }
    return {};
  }

  void remove_abandoned_files() const {
    const std::string path = root_ + kTempFolder;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(path.c_str()), &::closedir);
    while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
      const FileDescriptor file(::openat(::dirfd(entries.get()), entry->d_name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
      if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlinkat(::dirfd(entries.get()), entry->d_name, 0);
    }
  }

  // Generations are modification times: the file system has to keep them to the microsecond.
  Result<> check_times() const {
    constexpr Generation odd = 1'700'000'000'123'457;
    TemporaryFile probe = TRY(TemporaryFile::make(root_));
    struct stat status {};
    const Result<> filled = probe.fill("", odd);
    if (!filled && filled.error().reason == "disk_full") return {};  // reading still works
    TRY(filled);
    if (::fstat(probe.fd(), &status) != 0 || generation_of(status) != odd) {
      return fail(
          ErrorCode::unsupported, "file_system_unsupported",
          str("The file system of ", root_, " does not keep modification times to the microsecond: choose a folder on another one"));
    }
    return {};
  }

  std::string root_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace

Result<std::shared_ptr<ObjectStore>> open_folder_store(const std::string& folder) {
  std::error_code error;
  std::string root = std::filesystem::absolute(folder, error).lexically_normal().string();
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  if (folder.empty() || error) return fail(ErrorCode::invalid_argument, "The object store's folder is not named");
  auto store = std::make_shared<FolderStore>(std::move(root));
  TRY(store->open());
  return store;
}

}  // namespace bridge
