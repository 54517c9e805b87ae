#pragma once

#include <string>

#include "app/config.h"
#include "base/result.h"

namespace bridge {

// The data folder, held by this process alone for as long as this lives: one process at a time may use it.
class DataFolder {
 public:
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;
  DataFolder(DataFolder&& other) noexcept;
  ~DataFolder();

  // Tells other processes where the server listens.
  Result<> announce(const std::string& url);

 private:
  friend Result<DataFolder> open_data_folder(const Config& config);
  DataFolder(int lock_file, std::string path) : lock_file_(lock_file), path_(std::move(path)) {}

  int lock_file_ = -1;
  std::string path_;
};

// Makes the folder (0700) when it is missing and takes its lock. failed_precondition ("data_dir_in_use") when another process has it.
Result<DataFolder> open_data_folder(const Config& config);

}  // namespace bridge
