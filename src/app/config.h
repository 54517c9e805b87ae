#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ai_sdk/gateway/model_gateway.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/warehouse_use/use_report.h"
#include "platform/network/allowed_networks.h"
#include "platform/otlp/otlp_exporter.h"
#include "warehouse/data_roots.h"

namespace bridge {

// One setting in force, and where it came from.
struct ConfigEntry {
  std::string name;  // "BRIDGE_LISTEN"
  std::string key;   // in bridge.yaml: "listen"
  std::string value;
  std::string source;  // "default", "bridge.yaml", "environment", "flag"
  std::string about;
  bool secret = false;
};

// What the server runs with; every field has been checked.
struct Config {
  std::string data_dir;
  std::string listen_address;
  std::uint16_t listen_port = 8080;
  bool trusted_proxy = false;
  bool insecure_listen = false;  // beyond this machine without TLS
  std::uint64_t bytes_max = 100'000'000;
  std::uint64_t cache_bytes = 0;
  std::int64_t cache_ttl_ms = 0;
  std::string provider;
  std::string model;
  Secret anthropic_api_key;
  std::string anthropic_base_url;
  Secret openai_api_key;
  std::string openai_base_url;
  std::string openai_profile;
  std::vector<Fallback> fallbacks;
  TeamLimits team_limits;
  bool redact = true;
  std::string cassette;       // "record:FILE" or "replay:FILE"; empty: neither
  std::string otlp_endpoint;  // of an OpenTelemetry collector; empty: no traces
  Headers otlp_headers;
  std::vector<std::string> cors_origins;
  std::vector<std::string> hosts;  // names that the server is asked by, lower-case
  DataRoots data_roots;
  AllowedNetworks allowed_networks;
  UseCaps use_caps;
  bool allow_missing_walls = false;
  std::string service_name;
  std::chrono::milliseconds otlp_delay{5'000};
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::json;
  std::vector<ConfigEntry> entries;  // all settings, in the order of the documentation

  bool listens_on_this_machine_alone() const;
  std::string path(std::string_view name) const { return data_dir + "/" + std::string(name); }
};

struct ConfigSources {
  std::map<std::string, std::string> flags;        // by variable name
  std::map<std::string, std::string> environment;  // the whole environment
  std::string file;                                // a bridge.yaml; empty: ./bridge.yaml when there is one
  bool terminal = false;                           // logs go to a person
};

// Flags beat the environment, which beats the file, which beats the defaults. An unknown BRIDGE_ variable, an unknown key or a bad value is
// one error that names it and what is allowed.
Result<Config> load_config(const ConfigSources& sources);

// All settings with what they mean and their defaults, as an .env file that sets nothing.
std::string make_env_example();

// How traces are exported; `otlp_endpoint` must not be empty.
OtlpOptions otlp_options(const Config& config);

// The environment of this process.
std::map<std::string, std::string> process_environment();

}  // namespace bridge
