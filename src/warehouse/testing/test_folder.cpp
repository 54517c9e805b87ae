#include "warehouse/testing/test_folder.h"

#include <fstream>

#include "base/ids.h"

namespace bridge {

TestFolder::TestFolder() : path_(std::filesystem::canonical(std::filesystem::temp_directory_path()) / ("bridge_test_" + make_uuid())) {
  std::filesystem::create_directories(path_);
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TestFolder::write(std::string_view name, std::string_view content) const {
  const auto file = path_ / name;
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

}  // namespace bridge
