#include "app/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/application.h"
#include "base/json.h"
#include "base/text.h"

namespace bridge {
namespace {

constexpr std::string_view kLockName = "bridge.lock";

// The lock file holds {"pid":…,"url":"…"} of the process that has the lock.
json::object read_lock(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  std::getline(in, text);
  const auto value = parse_json(text);
  return value && value->is_object() ? value->get_object() : json::object();
}

bool is_locked(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  const bool locked = flock(file, LOCK_EX | LOCK_NB) != 0;
  close(file);
  return locked;
}

}  // namespace

DataFolder::DataFolder(DataFolder&& other) noexcept : lock_file_(std::exchange(other.lock_file_, -1)), path_(std::move(other.path_)) {}

DataFolder::~DataFolder() {
  if (lock_file_ < 0) return;
  // Emptied before it is let go, so that nobody reads the address of a server that has ended.
  [[maybe_unused]] const int emptied = ftruncate(lock_file_, 0);
  close(lock_file_);
}

Result<> DataFolder::announce(const std::string& url) {
  const std::string text = json::serialize(json::object{{"pid", getpid()}, {"url", url}}) + "\n";
  if (ftruncate(lock_file_, 0) != 0 || pwrite(lock_file_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return fail(ErrorCode::unavailable, str(path_, "/", kLockName, " cannot be written: ", std::strerror(errno)));
  }
  return {};
}

Result<DataFolder> open_data_folder(const Config& config) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(config.data_dir, error);
  if (error)
    return fail(ErrorCode::unavailable,
                str("The data folder ", config.data_dir, " cannot be made: ", error.message(), ". Choose another with --data-dir"));
  if (made) std::filesystem::permissions(config.data_dir, std::filesystem::perms::owner_all, error);
  const std::string path = config.path(kLockName);
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return fail(ErrorCode::unavailable,
                str("The data folder ", config.data_dir, " cannot be written: ", std::strerror(errno), ". Choose another with --data-dir"));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    close(file);
    const json::object holder = read_lock(path);
    std::string who = "another process";
    if (const json::value* pid = holder.if_contains("pid")) who += " (" + json::serialize(*pid) + ")";
    if (const json::value* url = holder.if_contains("url"); url && url->is_string())
      who += str(" at ", std::string_view(url->get_string()));
    return fail(
        ErrorCode::failed_precondition, "data_dir_in_use",
        str("The data folder ", config.data_dir, " is in use by ", who, ": stop that one, or choose another folder with --data-dir"));
  }
  return DataFolder(file, config.data_dir);
}

std::string running_server_url(const Config& config) {
  const std::string path = config.path(kLockName);
  if (!is_locked(path)) return {};
  const json::object holder = read_lock(path);
  const json::value* url = holder.if_contains("url");
  return url && url->is_string() ? std::string(url->get_string()) : std::string();
}

}  // namespace bridge
