#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace bridge {

// Takes a value into its place in the configuration; invalid_argument, with what is allowed, when it is not allowed.
using TakeValue = std::function<Result<>(std::string_view value, Config& config)>;

// One setting, told once: the environment, bridge.yaml, the flags, `bridge config` and .env.example all follow from it.
struct Setting {
  std::string_view name;  // of the variable; the key in bridge.yaml follows from it, see setting_key
  std::string_view default_value = {};
  std::string_view default_on_terminal = {};  // where logs go to a person; empty: the same
  std::string_view about;
  TakeValue take;
  bool secret = false;        // never shown
  bool in_this_build = true;  // false: a part that is not there yet; any value is refused
};

struct SettingGroup {
  std::string_view subject;
  std::vector<Setting> settings;
};

// All of them, in the order of the documentation.
std::span<const SettingGroup> setting_groups();

// "BRIDGE_CACHE_TTL" → "cache_ttl", "OTEL_SERVICE_NAME" → "otel_service_name".
std::string setting_key(std::string_view name);

}  // namespace bridge
