#include "warehouse/duckdb/duckdb_library.h"

#include <dlfcn.h>

#include <filesystem>

namespace bridge::duckdb {

namespace {

constexpr std::string_view library_name = "libduckdb.so";

// Beside the program, where the program was built with it, and wherever the system looks. Tried by their whole paths: under the sanitizers,
// whose dlopen stands in front of the loader's, a run path of the program is not looked at.
std::vector<std::string> candidates() {
  std::vector<std::string> out;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) out.push_back(program.parent_path() / library_name);
  out.push_back(std::filesystem::path(BRIDGE_DUCKDB_FOLDER) / library_name);
  out.emplace_back(library_name);
  return out;
}

std::unexpected<Error> not_loaded(std::string message) {
  const char* detail = dlerror();
  return fail(
      Error{.code = ErrorCode::unavailable, .message = std::move(message), .detail = detail ? detail : "", .reason = "duckdb_not_loaded"});
}

Result<> load() {
  void* library = nullptr;
  for (const std::string& path : candidates()) {
    library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library) break;
  }
  if (!library) return not_loaded("DuckDB's library cannot be loaded: put libduckdb.so beside the bridge program");
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    return function != nullptr;
  };
#define BRIDGE_DUCKDB_FIND(name) \
  if (!find(capi::name, "duckdb_" #name)) return not_loaded("libduckdb.so is of a version without duckdb_" #name);
  BRIDGE_DUCKDB_FUNCTIONS(BRIDGE_DUCKDB_FIND)
#undef BRIDGE_DUCKDB_FIND
  return {};
}

}  // namespace

Result<> load_duckdb_library() {
  static const Result<> loaded = load();
  return loaded;
}

}  // namespace bridge::duckdb
