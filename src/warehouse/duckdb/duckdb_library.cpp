#include "warehouse/duckdb/duckdb_library.h"

#include <dlfcn.h>

namespace bridge::duckdb {

namespace {

constexpr const char* library_name = "libduckdb.so";  // beside the program, or where it was built with it

std::unexpected<Error> not_loaded(std::string message) {
  const char* detail = dlerror();
  return fail(
      Error{.code = ErrorCode::unavailable, .message = std::move(message), .detail = detail ? detail : "", .reason = "duckdb_not_loaded"});
}

Result<> load() {
  void* const library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
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
