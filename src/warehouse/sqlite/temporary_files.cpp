#include "warehouse/sqlite/temporary_files.h"

#include <sqlite3.h>

#include <atomic>

#include "warehouse/sqlite/limits.h"

// https://www.sqlite.org/vfs.html
namespace bridge::sqlite {

namespace {

std::atomic<std::int64_t> temporary_bytes = 0;
std::atomic<std::int64_t> bytes_max_now = temporary_bytes_max;

// The system's file stands behind it in the same memory.
struct LimitedFile {
  sqlite3_file base;
  std::int64_t bytes;

  sqlite3_file* inner();
};
constexpr std::size_t alignment = alignof(std::max_align_t);
constexpr std::size_t inner_offset = (sizeof(LimitedFile) + alignment - 1) / alignment * alignment;
sqlite3_file* LimitedFile::inner() { return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(this) + inner_offset); }

LimitedFile& limited(sqlite3_file* file) { return *reinterpret_cast<LimitedFile*>(file); }
sqlite3_file* inner(sqlite3_file* file) { return limited(file).inner(); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *inner(file)->pMethods; }

int close_file(sqlite3_file* file) {
  temporary_bytes -= limited(file).bytes;
  limited(file).bytes = 0;
  return methods(file).xClose(inner(file));
}
int read_file(sqlite3_file* file, void* to, int count, sqlite3_int64 at) { return methods(file).xRead(inner(file), to, count, at); }

int write_file(sqlite3_file* file, const void* from, int count, sqlite3_int64 at) {
  LimitedFile& it = limited(file);
  const std::int64_t grows = at + count - it.bytes;
  if (grows > 0) {
    if (temporary_bytes.fetch_add(grows) + grows > bytes_max_now) {
      temporary_bytes -= grows;
      return SQLITE_FULL;
    }
    it.bytes += grows;
  }
  return methods(file).xWrite(inner(file), from, count, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 bytes) {
  LimitedFile& it = limited(file);
  if (bytes < it.bytes) {
    temporary_bytes -= it.bytes - bytes;
    it.bytes = bytes;
  }
  return methods(file).xTruncate(inner(file), bytes);
}

int sync_file(sqlite3_file*, int) { return SQLITE_OK; }  // nobody reads it after a crash
int size_of_file(sqlite3_file* file, sqlite3_int64* bytes) { return methods(file).xFileSize(inner(file), bytes); }
int lock_file(sqlite3_file* file, int level) { return methods(file).xLock(inner(file), level); }
int unlock_file(sqlite3_file* file, int level) { return methods(file).xUnlock(inner(file), level); }
int check_lock(sqlite3_file* file, int* is_reserved) { return methods(file).xCheckReservedLock(inner(file), is_reserved); }
int control_file(sqlite3_file* file, int operation, void* argument) { return methods(file).xFileControl(inner(file), operation, argument); }
int sector_size(sqlite3_file* file) { return methods(file).xSectorSize(inner(file)); }
int characteristics(sqlite3_file* file) { return methods(file).xDeviceCharacteristics(inner(file)); }

constexpr sqlite3_io_methods limited_methods = {
    .iVersion = 1,  // without mapping into memory, which would pass by the count
    .xClose = &close_file,
    .xRead = &read_file,
    .xWrite = &write_file,
    .xTruncate = &truncate_file,
    .xSync = &sync_file,
    .xFileSize = &size_of_file,
    .xLock = &lock_file,
    .xUnlock = &unlock_file,
    .xCheckReservedLock = &check_lock,
    .xFileControl = &control_file,
    .xSectorSize = &sector_size,
    .xDeviceCharacteristics = &characteristics,
};

sqlite3_vfs* system_layer(sqlite3_vfs* layer) { return static_cast<sqlite3_vfs*>(layer->pAppData); }

int open_file(sqlite3_vfs* layer, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  sqlite3_vfs* system = system_layer(layer);
  constexpr int temporary = SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TRANSIENT_DB | SQLITE_OPEN_TEMP_JOURNAL | SQLITE_OPEN_SUBJOURNAL;
  if ((flags & temporary) == 0) return system->xOpen(system, name, file, flags, flags_out);
  LimitedFile& it = limited(file);
  it.base.pMethods = nullptr;
  it.bytes = 0;
  const int code = system->xOpen(system, name, it.inner(), flags, flags_out);
  if (it.inner()->pMethods) it.base.pMethods = &limited_methods;
  return code;
}

}  // namespace

const char* limited_file_layer() {
  static sqlite3_vfs layer;
  static const bool is_registered = [] {
    sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
    if (!system) return false;
    layer = *system;  // all but opening is the system's own
    layer.pNext = nullptr;
    layer.zName = "bridge_limited";
    layer.pAppData = system;
    layer.szOsFile = static_cast<int>(inner_offset) + system->szOsFile;
    layer.xOpen = &open_file;
    return sqlite3_vfs_register(&layer, 0) == SQLITE_OK;
  }();
  return is_registered ? layer.zName : nullptr;
}

std::int64_t limit_temporary_bytes(std::int64_t bytes_max) { return bytes_max_now.exchange(bytes_max); }

}  // namespace bridge::sqlite
