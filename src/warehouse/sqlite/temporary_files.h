#pragma once

#include <cstdint>

namespace bridge::sqlite {

// The name of the file layer that warehouses open their files with: the system's own, but that what queries keep on disk while they sort
// and group is limited (`temporary_bytes_max`), over all queries together. Beyond it a query fails with SQLITE_FULL. Thread-safe. Null when
// SQLite has no file layer.
const char* limited_file_layer();

// Sets the limit, and returns what it was. For tests.
std::int64_t limit_temporary_bytes(std::int64_t bytes_max);

}  // namespace bridge::sqlite
