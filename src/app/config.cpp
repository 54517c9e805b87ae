#include "app/config.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/settings.h"
#include "app/version.h"
#include "base/text.h"

extern char** environ;

namespace bridge {
namespace {

constexpr std::size_t kConfigFileBytesMax = 256 << 10;

Result<std::map<std::string, std::string>> read_file(const std::string& wanted) {
  std::map<std::string, std::string> values;
  const std::string path = wanted.empty() ? "bridge.yaml" : wanted;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    if (wanted.empty()) return values;
    return fail(ErrorCode::invalid_argument, str("There is no configuration file ", path));
  }
  if (std::filesystem::is_directory(path, error)) return fail(ErrorCode::invalid_argument, str(path, " is a folder: name the file in it"));
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(ErrorCode::invalid_argument, str(path, " cannot be read"));
  if (text.str().size() > kConfigFileBytesMax)
    return fail(ErrorCode::invalid_argument, str(path, " is larger than ", format_bytes(kConfigFileBytesMax)));
  try {
    const YAML::Node root = YAML::Load(text.str());
    if (root.IsNull()) return values;
    if (!root.IsMap()) return fail(ErrorCode::invalid_argument, str(path, " must be a list of `key: value` lines"));
    for (const auto& pair : root) {
      const std::string key = pair.first.as<std::string>();
      if (!pair.second.IsScalar()) return fail(ErrorCode::invalid_argument, str(path, ": '", key, "' must be one value"));
      if (!values.emplace(key, pair.second.as<std::string>()).second)
        return fail(ErrorCode::invalid_argument, str(path, ": '", key, "' is given twice"));
    }
  } catch (const YAML::Exception& exception) {
    return fail(ErrorCode::invalid_argument, str(path, ", line ", exception.mark.line + 1, ": ", exception.msg));
  }
  return values;
}

// Flags beat the environment, which beats the file, which beats the default.
ConfigEntry find_value(const Setting& setting, const ConfigSources& sources, const std::map<std::string, std::string>& file) {
  const bool for_a_person = sources.terminal && !setting.default_on_terminal.empty();
  ConfigEntry entry{.name = std::string(setting.name),
                    .key = setting_key(setting.name),
                    .value = std::string(for_a_person ? setting.default_on_terminal : setting.default_value),
                    .source = "default",
                    .about = std::string(setting.about),
                    .secret = setting.secret};
  const auto take_from = [&](const std::map<std::string, std::string>& values, const std::string& name, std::string_view source) {
    const auto found = values.find(name);
    if (found == values.end()) return;
    entry.value = found->second;
    entry.source = source;
  };
  take_from(file, entry.key, "bridge.yaml");
  take_from(sources.environment, entry.name, "environment");
  take_from(sources.flags, entry.name, "flag");
  return entry;
}

}  // namespace

bool Config::listens_on_this_machine_alone() const { return listen_address == "::1" || listen_address.starts_with("127."); }

Result<Config> load_config(const ConfigSources& sources) {
  Config config;
  std::vector<std::string> names;
  std::vector<std::string> keys;
  for (const SettingGroup& group : setting_groups()) {
    for (const Setting& setting : group.settings) {
      names.emplace_back(setting.name);
      keys.push_back(setting_key(setting.name));
    }
  }
  const auto unknown = [](std::string_view what, std::string_view name, std::span<const std::string> known) {
    const auto near = nearest_name(name, known);
    return fail(ErrorCode::invalid_argument,
                str(what, " ", name, " is not known", near ? str(": did you mean ", *near, "?") : str("; known are ", join(known, ", "))));
  };
  for (const auto& [name, value] : sources.environment) {
    // BRIDGE_CRASH_AT belongs to the tests of crashes: only bridge_with_crash_points looks at it.
    if (name.starts_with("BRIDGE_") && name != "BRIDGE_CRASH_AT" && std::ranges::find(names, name) == names.end())
      return unknown("The variable", name, names);
  }
  const auto file = TRY(read_file(sources.file));
  for (const auto& [key, value] : file) {
    if (std::ranges::find(keys, key) == keys.end()) return unknown("The key", key, keys);
  }
  for (const SettingGroup& group : setting_groups()) {
    for (const Setting& setting : group.settings) {
      ConfigEntry entry = find_value(setting, sources, file);
      if (const auto taken = setting.take(entry.value, config); !taken) {
        const std::string shown = setting.secret ? std::string("its value") : str("'", entry.value, "'");
        return fail(ErrorCode::invalid_argument,
                    str(entry.name, " (from ", entry.source, "): ", shown, " is not allowed; allowed is: ", taken.error().message));
      }
      config.entries.push_back(std::move(entry));
    }
  }
  if (config.provider.empty()) {
    const bool openai = !config.openai_api_key.empty() || !config.openai_base_url.empty();
    config.provider = !config.anthropic_api_key.empty() ? "anthropic" : openai ? "openai" : "rules";
    for (ConfigEntry& entry : config.entries) {
      if (entry.name == "BRIDGE_PROVIDER") entry.value = config.provider;
    }
  }
  if (!config.listens_on_this_machine_alone() && !config.trusted_proxy && !config.insecure_listen) {
    return fail(ErrorCode::invalid_argument,
                str("BRIDGE_LISTEN: ", config.listen_address,
                    " can be reached from other machines, and Bridge speaks no TLS itself: put a proxy with TLS in front and set "
                    "BRIDGE_TRUSTED_PROXY=1, or accept the risk with BRIDGE_INSECURE_LISTEN=1"));
  }
  return config;
}

std::string make_env_example() {
  std::string out =
      "# Every setting of Bridge with its default; what is needed is uncommented and set. Flags beat these, these beat bridge.yaml.\n"
      "# Written by `bridge config --env-example`.\n";
  for (const SettingGroup& group : setting_groups()) {
    out += str("\n# ---- ", group.subject, " ----\n");
    for (const Setting& setting : group.settings) {
      out += str("\n# ", setting.about, setting.in_this_build ? "" : " (not part of this build yet: leave it unset)", "\n# ", setting.name,
                 "=", setting.default_value, "\n");
    }
  }
  return out;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

OtlpOptions otlp_options(const Config& config) {
  std::string url = config.otlp_endpoint;
  while (url.ends_with('/')) url.pop_back();
  return {.url = url + "/v1/traces",
          .headers = config.otlp_headers,
          .service_name = config.service_name,
          .service_version = std::string(kBridgeVersion),
          .delay = config.otlp_delay};
}

}  // namespace bridge
