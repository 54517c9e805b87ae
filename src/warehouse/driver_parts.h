#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "platform/network/allowed_networks.h"

namespace bridge {

class HttpClient;  // platform/http/client.h

// Places on the server's machine.
struct DriverFolders {
  // What the server keeps for all of its teams (lake, keys, directory): files and folders that no warehouse lies in. Absolute, without
  // links.
  std::vector<std::filesystem::path> kept;
};

struct DriverLimits {
  // What this process may take; engines that compute in it take a share each. Nothing: what the system lets it take.
  std::optional<std::uint64_t> process_memory_max;
  // The process is one engine's own, which may then take more of it.
  bool is_alone_in_process = false;
};

// What a driver works with and does not make itself. A driver takes what it needs; the defaults are for tests of engines without a network.
struct DriverParts {
  std::shared_ptr<HttpClient> http;
  std::shared_ptr<const Clock> clock = make_system_clock();
  AllowedNetworks networks;  // that warehouses may be reached in
  DriverFolders folders;
  DriverLimits limits;
};

}  // namespace bridge
