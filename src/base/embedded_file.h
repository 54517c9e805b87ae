#pragma once

#include <span>
#include <string_view>

namespace bridge {

// A file that is built into the binary; see cmake/embed_files.cmake.
struct EmbeddedFile {
  std::string_view name;  // relative, "0001_core.up.sql"
  std::string_view bytes;
};

}  // namespace bridge
