#include "warehouse/local_path.h"

#include <array>
#include <mutex>
#include <optional>

#include "base/text.h"

namespace bridge {

namespace {

bool is_of_the_kernel(const std::filesystem::path& path) {
  constexpr std::array<std::string_view, 3> folders{"/proc", "/sys", "/dev"};
  return std::ranges::any_of(folders, [&](std::string_view folder) { return is_in_folder(path, folder); });
}

// Whether the path is among what another server keeps for all of its teams: the parts of a data folder, which is where its lock file is.
bool is_of_a_server(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path part = path;
  while (part.has_relative_path()) {
    const std::filesystem::path folder = part.parent_path();
    const std::string name = part.filename().string();
    const bool is_kept = name == "lake" || name == "keys" || name.starts_with("bridge.db");
    if (is_kept && std::filesystem::exists(folder / "bridge.lock", error)) return true;
    part = folder;
  }
  return false;
}

}  // namespace

bool is_in_folder(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto [in_folder, in_path] = std::ranges::mismatch(folder, path);
  return in_folder == folder.end();
}

std::string path_text_of(const std::map<std::string, Secret>& credentials) {
  const auto field = credentials.find(std::string(kPathField));
  return field == credentials.end() ? "" : std::string(trim(field->second.reveal()));
}

std::filesystem::path local_path_of(const std::string& text) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::weakly_canonical(text, error);
  return error ? std::filesystem::path(text) : path;
}

Result<std::filesystem::path> check_local_path(const std::string& text, std::string_view wanted, const DriverFolders& folders) {
  if (text.empty()) return fail(ErrorCode::invalid_argument, "path_missing", str("Say where the data is: 'path' is ", wanted));
  if (text.find("://") != std::string::npos || text.find_first_of("*?") != std::string::npos || text == ":memory:" ||
      text.find('\0') != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "path_not_allowed",
                str("'path' must be ", wanted, " on the server's machine: no address and no pattern"));
  }
  std::filesystem::path path = local_path_of(text);
  if (is_of_the_kernel(path))
    return fail(ErrorCode::invalid_argument, "path_not_allowed", str("'path' must be ", wanted, ": /proc, /sys and /dev hold none"));
  if (is_of_a_server(path) || std::ranges::any_of(folders.kept, [&](const auto& kept) { return is_in_folder(path, kept); })) {
    return fail(ErrorCode::invalid_argument, "path_not_allowed",
                "'path' is in the data folder of a Bridge server, which holds what is every team's: choose another");
  }
  return path;
}

DataVersion remembered_version(DataVersion look, std::chrono::milliseconds interval) {
  struct Known {
    std::mutex mutex;
    std::optional<std::string> text;
    CallContext::Clock::time_point looked_at;
  };
  return [look = std::move(look), interval, known = std::make_shared<Known>()]() -> Result<std::string> {
    const std::lock_guard lock(known->mutex);
    const auto now = CallContext::Clock::now();
    if (!known->text || now - known->looked_at >= interval) {
      known->text.reset();
      known->looked_at = now;
      known->text = TRY(look());
    }
    return *known->text;
  };
}

}  // namespace bridge
