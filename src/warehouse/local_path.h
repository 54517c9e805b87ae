#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/driver_parts.h"
#include "warehouse/warehouse.h"

namespace bridge {

// What engines of files on the server's machine have in common: where the files are, and how often they are looked at.

// The credential field that such engines have.
inline constexpr std::string_view kPathField = "path";

// The field's text without the blanks around it; empty when it was not given.
std::string path_text_of(const std::map<std::string, Secret>& credentials);

// The same as a path without links and dots; as it was written where it cannot be resolved. It need not exist.
std::filesystem::path local_path_of(const std::string& text);

// Whether a path is the folder or below it, by their names alone.
bool is_in_folder(const std::filesystem::path& path, const std::filesystem::path& folder);

// Refuses what is not a plain path of this machine, and what this or another Bridge server keeps for all of its teams. `wanted` says what
// belongs there: "a SQLite file". Devices and what the kernel shows as files (/proc) are none. invalid_argument with the reason
// "path_missing" or "path_not_allowed".
Result<std::filesystem::path> check_local_path(const std::string& text, std::string_view wanted, const DriverFolders& folders);

// Looks at most once within `interval`, and gives what it saw until then. A failure is not remembered. Thread-safe.
DataVersion remembered_version(DataVersion look, std::chrono::milliseconds interval);

}  // namespace bridge
