#include "app/config.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "ai_sdk/llm_config/model_catalogue.h"
#include "app/version.h"
#include "base/text.h"

extern char** environ;

namespace bridge {
namespace {

constexpr std::size_t kConfigFileBytesMax = 256 << 10;
constexpr std::size_t kModelNameBytesMax = 200;

// Why a value is not allowed, or nothing.
using Check = std::function<Result<>(std::string_view value, Config& config)>;

struct Setting {
  std::string_view name;
  std::string_view key;
  std::string_view default_value;
  std::string_view about;
  bool secret;
  Check apply;
  bool in_this_build = true;
};

std::unexpected<Error> bad(std::string_view allowed) { return fail(ErrorCode::invalid_argument, std::string(allowed)); }

// For settings whose other half is not in this build: they say so instead of being ignored.
Check only_empty(std::string what) {
  return [what](std::string_view value, Config&) -> Result<> {
    if (!value.empty()) return bad(what + " is not part of this build yet: leave it unset to use the embedded one");
    return {};
  };
}

Check anything() {
  return [](std::string_view, Config&) -> Result<> { return {}; };
}

Result<> apply_listen(std::string_view value, Config& config) {
  const std::size_t colon = value.rfind(':');
  const std::string usage = "an address and a port such as 127.0.0.1:8080 (port 0 picks one)";
  if (colon == std::string_view::npos) return bad(usage);
  const std::string_view port = value.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number > 65535) return bad(usage);
  std::string address(value.substr(0, colon));
  if (address == "localhost") address = "127.0.0.1";
  if (address == "[::1]") address = "::1";
  if (address.empty()) return bad(usage);
  config.listen_address = address;
  config.listen_port = static_cast<std::uint16_t>(number);
  return {};
}

Result<> apply_flag(std::string_view value, bool& out) {
  if (value == "1" || value == "true") out = true;
  else if (value.empty() || value == "0" || value == "false") out = false;
  else return bad("1 or 0");
  return {};
}

Result<> apply_key(std::string_view value, Secret& out) {
  if (value.find_first_of(std::string_view("\r\n\t \0", 5)) != std::string_view::npos) return bad("a key without spaces or line breaks");
  out = Secret(std::string(value));
  return {};
}

Result<> apply_base_url(std::string_view value, std::string& out) {
  if (!value.empty() && !value.starts_with("http://") && !value.starts_with("https://"))
    return bad("a URL that begins with http:// or https://");
  if (value.find_first_of(std::string_view("\r\n\t \0@?#", 8)) != std::string_view::npos)
    return bad("a URL without spaces, user name, query or fragment");
  out = value;
  return {};
}

// A model's server may want its version in the query.
Result<> apply_model_url(std::string_view value, std::string& out) {
  TRY(apply_base_url(value.substr(0, value.find('?')), out));
  if (value.find_first_of(std::string_view("\r\n\t \0@#", 7)) != std::string_view::npos)
    return bad("a URL without spaces, user name or fragment");
  out = value;
  return {};
}

Result<> apply_fallback(std::string_view value, Config& config) {
  config.fallbacks.clear();
  for (const std::string& part : split(value, ',')) {
    const std::string_view target = trim(part);
    if (target.empty()) continue;
    const std::size_t slash = target.find('/');
    Fallback fallback{.provider = std::string(target.substr(0, slash))};
    if (slash != std::string_view::npos) fallback.model = target.substr(slash + 1);
    if (fallback.provider != "anthropic" && fallback.provider != "openai")
      return bad("anthropic, openai, or one of them with a model behind a slash");
    config.fallbacks.push_back(std::move(fallback));
  }
  return {};
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count < 0) return std::nullopt;
  return count;
}

// "name=value,name=value", values percent-encoded (the OpenTelemetry specification's form).
Result<> apply_otlp_headers(std::string_view value, Config& config) {
  config.otlp_headers.clear();
  for (const std::string& part : split(value, ',')) {
    const std::string_view pair = trim(part);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string decoded = equals == std::string_view::npos ? "" : decode_percent(trim(pair.substr(equals + 1)), false);
    const std::string name = lower(trim(pair.substr(0, equals)));
    const bool is_name = !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
    if (equals == std::string_view::npos || !is_name || decoded.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return bad("name=value,name=value, with values percent-encoded");
    config.otlp_headers.emplace_back(name, decoded);
  }
  return {};
}

// What a browser sends as Origin: scheme, host and a port that is not the scheme's own, nothing else (RFC 6454, 6.2).
std::optional<std::string> parse_origin(std::string_view text) {
  std::string origin = lower(text);
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string::npos) return std::nullopt;
  const std::string scheme = origin.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return std::nullopt;
  std::string_view host = std::string_view(origin).substr(scheme_end + 3);
  std::string_view port;
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;  // of an IPv6 address, which has colons of its own
  if (bracket == std::string_view::npos) return std::nullopt;
  if (const std::size_t colon = host.find(':', bracket); colon != std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    const auto number = parse_count(port);
    if (!number || *number < 1 || *number > 65535) return std::nullopt;
  }
  const std::string_view name = bracket > 0 ? host.substr(1, bracket - 1) : host;
  const std::string_view allowed = bracket > 0 ? "0123456789abcdef:." : "abcdefghijklmnopqrstuvwxyz0123456789-.";
  if (name.empty() || name.find_first_not_of(allowed) != std::string_view::npos || (bracket > 0 && !host.ends_with(']')))
    return std::nullopt;
  const bool own_port = port.empty() || port == (scheme == "http" ? "80" : "443");
  return own_port ? str(scheme, "://", host) : str(scheme, "://", host, ":", port);
}

Result<> apply_cors_origins(std::string_view value, Config& config) {
  config.cors_origins.clear();
  for (const std::string& part : split(value, ',')) {
    const std::string_view text = trim(part);
    if (text.empty()) continue;
    const auto origin = parse_origin(text);
    if (!origin) return bad("origins such as https://app.example.com or http://localhost:5173, with commas; no path, no * and no pattern");
    if (std::ranges::find(config.cors_origins, *origin) == config.cors_origins.end()) config.cors_origins.push_back(*origin);
  }
  return {};
}

std::vector<Setting> make_settings(bool& insecure_listen, bool terminal) {
  return {
      {"BRIDGE_DATA_DIR", "data_dir", "~/.bridge", "where everything embedded lives", false,
       [](std::string_view value, Config& config) -> Result<> {
         if (value.empty()) return bad("a folder");
         std::string path(value);
         if (path == "~" || path.starts_with("~/")) {
           const char* home = std::getenv("HOME");
           if (!home || !*home) return bad("a folder (HOME is not set, so ~ means nothing)");
           path = home + path.substr(1);
         }
         config.data_dir = std::filesystem::absolute(path).lexically_normal().string();
         while (config.data_dir.size() > 1 && config.data_dir.ends_with('/')) config.data_dir.pop_back();
         return {};
       }},
      {"BRIDGE_LISTEN", "listen", "127.0.0.1:8080", "address and port of the server", false, apply_listen},
      {"BRIDGE_TRUSTED_PROXY", "trusted_proxy", "", "1 when a proxy with TLS stands in front", false,
       [](std::string_view value, Config& config) { return apply_flag(value, config.trusted_proxy); }},
      {"BRIDGE_INSECURE_LISTEN", "insecure_listen", "", "1 to listen beyond this machine without TLS", false,
       [&insecure_listen](std::string_view value, Config&) { return apply_flag(value, insecure_listen); }},
      {"DATABASE_URL", "database_url", "", "PostgreSQL for the directory; empty: SQLite in the data folder", true,
       only_empty("PostgreSQL for the directory"), false},
      {"REDIS_URL", "redis_url", "", "Redis behind the cache; empty: in-process alone", true, only_empty("Redis"), false},
      {"DASHBOARDS_BUCKET", "dashboards_bucket", "", "bucket of the dashboards; empty: the lake folder", false,
       only_empty("A bucket for dashboards"), false},
      {"CREDENTIALS_BUCKET", "credentials_bucket", "", "bucket of the sealed credentials; empty: the lake folder", false,
       only_empty("A bucket for credentials"), false},
      {"LOGS_BUCKET", "logs_bucket", "", "bucket of the transcripts; empty: the lake folder", false, only_empty("A bucket for transcripts"),
       false},
      {"GCS_CREDENTIALS_PREFIX", "gcs_credentials_prefix", "credentials/", "prefix of the sealed credentials", false,
       [](std::string_view value, Config&) -> Result<> {
         if (value != "credentials/") return bad("credentials/ (the folder store has no other prefix)");
         return {};
       }},
      {"KMS_KEY_NAME", "kms_key_name", "", "Cloud KMS key; empty: a local key file", false, only_empty("Cloud KMS"), false},
      {"KMS_KEY_RING", "kms_key_ring", "", "key ring of the Cloud KMS key, where KMS_KEY_NAME does not name it", false,
       only_empty("Cloud KMS"), false},
      {"KMS_CRYPTO_KEY", "kms_crypto_key", "", "the Cloud KMS key in that ring", false, only_empty("Cloud KMS"), false},
      {"KMS_LOCATION", "kms_location", "", "location of that ring; empty: global", false, only_empty("Cloud KMS"), false},
      {"ANTHROPIC_API_KEY", "anthropic_api_key", "", "key for Claude", true,
       [](std::string_view value, Config& config) { return apply_key(value, config.anthropic_api_key); }},
      {"ANTHROPIC_BASE_URL", "anthropic_base_url", "", "another server that speaks Anthropic's Messages API", false,
       [](std::string_view value, Config& config) { return apply_model_url(value, config.anthropic_base_url); }},
      {"OPENAI_API_KEY", "openai_api_key", "", "key for OpenAI, or for the server at OPENAI_BASE_URL", true,
       [](std::string_view value, Config& config) { return apply_key(value, config.openai_api_key); }},
      {"OPENAI_BASE_URL", "openai_base_url", "", "another server that speaks OpenAI's Chat Completions, such as http://127.0.0.1:11434/v1",
       false, [](std::string_view value, Config& config) { return apply_model_url(value, config.openai_base_url); }},
      {"OPENAI_PROFILE", "openai_profile", "", "what that server takes: openai, compatible or minimal; empty: by its URL", false,
       [](std::string_view value, Config& config) -> Result<> {
         if (!value.empty() && !find_openai_profile(value, "")) return bad("openai, compatible or minimal");
         config.openai_profile = value;
         return {};
       }},
      {"BRIDGE_PROVIDER", "provider", "", "the default provider: anthropic, openai or rules; empty: the first with a key, else rules",
       false,
       [](std::string_view value, Config& config) -> Result<> {
         if (!value.empty() && value != "rules" && value != "anthropic" && value != "openai") return bad("anthropic, openai or rules");
         config.provider = value;
         return {};
       }},
      {"BRIDGE_MODEL", "model", "", "the default model of the provider; empty: the provider's own", false,
       [](std::string_view value, Config& config) -> Result<> {
         if (value.size() > kModelNameBytesMax) return bad("the name of a model");
         config.model = value;
         return {};
       }},
      {"BRIDGE_FALLBACK", "fallback", "", "who is asked when a provider cannot be had: openai/gpt-6.1-sol, or several with commas", false,
       apply_fallback},
      {"BRIDGE_TEAM_STREAMS", "team_streams", "50", "answers of models that a team may have under way at once; 0: any number", false,
       [](std::string_view value, Config& config) -> Result<> {
         const auto count = parse_count(value);
         if (!count || *count > 100'000) return bad("a number from 0 to 100000");
         config.team_limits.calls_at_once_max = static_cast<int>(*count);
         return {};
       }},
      {"BRIDGE_TEAM_TOKENS_PER_HOUR", "team_tokens_per_hour", "10000000", "tokens that a team may use in an hour; 0: any number", false,
       [](std::string_view value, Config& config) -> Result<> {
         const auto count = parse_count(value);
         if (!count) return bad("a number of tokens such as 10000000, or 0");
         config.team_limits.tokens_per_hour_max = *count;
         return {};
       }},
      {"BRIDGE_TEAM_USD_PER_DAY", "team_usd_per_day", "50", "dollars that a team may spend on models in a day (UTC); 0: any number", false,
       [](std::string_view value, Config& config) -> Result<> {
         double dollars = 0;
         const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), dollars);
         if (error != std::errc{} || end != value.data() + value.size() || !(dollars >= 0) || dollars > 1'000'000)
           return bad("a number of dollars from 0 to 1000000 such as 50 or 2.5");
         config.team_limits.nano_usd_per_day_max = static_cast<std::int64_t>(dollars * 1e9);
         return {};
       }},
      {"BRIDGE_REDACTION", "redaction", "on", "on: models outside this machine see stand-ins for e-mail addresses and card numbers; off",
       false,
       [](std::string_view value, Config& config) -> Result<> {
         if (value != "on" && value != "off") return bad("on or off");
         config.redact = value == "on";
         return {};
       }},
      {"BRIDGE_CASSETTE", "cassette", "", "for tests: record:FILE or replay:FILE of what providers were sent and answered", false,
       [](std::string_view value, Config& config) -> Result<> {
         if (!value.empty() && !value.starts_with("record:") && !value.starts_with("replay:")) return bad("record:FILE or replay:FILE");
         config.cassette = value;
         return {};
       }},
      {"BRIDGE_MAX_BYTES_BILLED", "max_bytes_billed", "100000000", "the byte cap; connections and dashboards may only lower it", false,
       [](std::string_view value, Config& config) -> Result<> {
         const auto bytes = parse_bytes(value);
         if (!bytes || *bytes == 0 || *bytes > 1'000'000'000'000'000) return bad("a number of bytes such as 100000000 or 50MB");
         config.bytes_max = *bytes;
         return {};
       }},
      {"BRIDGE_CACHE_BYTES", "cache_bytes", "256MiB", "memory for cached answers", false,
       [](std::string_view value, Config& config) -> Result<> {
         const auto bytes = parse_bytes(value);
         if (!bytes || *bytes < (1 << 20)) return bad("a size of at least 1MiB such as 256MiB");
         config.cache_bytes = *bytes;
         return {};
       }},
      {"BRIDGE_CACHE_TTL", "cache_ttl", "24h", "how long an answer is fresh unless its dashboard says less", false,
       [](std::string_view value, Config& config) -> Result<> {
         const auto ms = parse_duration_ms(value);
         if (!ms || *ms <= 0 || *ms > 48LL * 3'600'000) return bad("a time of at most 48h such as 24h or 15m");
         config.cache_ttl_ms = *ms;
         return {};
       }},
      {"BRIDGE_CORS_ORIGINS", "cors_origins", "", "origins whose pages may call the API from a browser, with commas; empty: none", false,
       apply_cors_origins},
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "otel_exporter_otlp_endpoint", "",
       "an OpenTelemetry collector (OTLP over HTTP) that takes traces, such as http://127.0.0.1:4318; empty: no traces", false,
       [](std::string_view value, Config& config) { return apply_base_url(value, config.otlp_endpoint); }},
      {"OTEL_EXPORTER_OTLP_HEADERS", "otel_exporter_otlp_headers", "", "headers for it: name=value,name=value", true, apply_otlp_headers},
      {"OTEL_SERVICE_NAME", "otel_service_name", "bridge", "what traces call this server", false,
       [](std::string_view value, Config& config) -> Result<> {
         config.service_name = value.empty() ? "bridge" : value;
         return {};
       }},
      {"OTEL_BSP_SCHEDULE_DELAY", "otel_bsp_schedule_delay", "5000", "milliseconds that spans are collected for before they are sent",
       false,
       [](std::string_view value, Config& config) -> Result<> {
         constexpr std::int64_t longest = 600'000;
         const auto ms = parse_count(value);
         if (!ms || *ms < 1 || *ms > longest) return bad("milliseconds from 1 to 600000");
         config.otlp_delay = std::chrono::milliseconds(*ms);
         return {};
       }},
      {"BRIDGE_LOG_LEVEL", "log_level", "info", "debug, info, warning or error", false,
       [](std::string_view value, Config& config) -> Result<> {
         if (value == "debug") config.log_level = LogLevel::debug;
         else if (value == "info") config.log_level = LogLevel::info;
         else if (value == "warning") config.log_level = LogLevel::warning;
         else if (value == "error") config.log_level = LogLevel::error;
         else return bad("debug, info, warning or error");
         return {};
       }},
      {"BRIDGE_LOG_FORMAT", "log_format", terminal ? "text" : "json", "json or text", false,
       [](std::string_view value, Config& config) -> Result<> {
         if (value == "json") config.log_format = LogFormat::json;
         else if (value == "text") config.log_format = LogFormat::text;
         else return bad("json or text");
         return {};
       }},
      // Standard names of other programs: listed so that `bridge config` shows them, never an error.
      {"GOOGLE_CLOUD_PROJECT", "google_cloud_project", "", "for Google services, when they are in use", false, anything()},
      {"GOOGLE_APPLICATION_CREDENTIALS", "google_application_credentials", "", "for Google services, when they are in use", false,
       anything()},
  };
}

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

bool is_loopback(std::string_view address) { return address == "::1" || address.starts_with("127."); }

}  // namespace

Result<Config> load_config(const ConfigSources& sources) {
  Config config;
  bool insecure_listen = false;
  const std::vector<Setting> settings = make_settings(insecure_listen, sources.terminal);
  std::vector<std::string> names;
  std::vector<std::string> keys;
  for (const Setting& setting : settings) {
    names.emplace_back(setting.name);
    keys.emplace_back(setting.key);
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
  for (const Setting& setting : settings) {
    ConfigEntry entry{.name = std::string(setting.name),
                      .key = std::string(setting.key),
                      .value = std::string(setting.default_value),
                      .source = "default",
                      .about = std::string(setting.about),
                      .secret = setting.secret};
    if (const auto found = file.find(entry.key); found != file.end()) {
      entry.value = found->second;
      entry.source = "bridge.yaml";
    }
    if (const auto found = sources.environment.find(entry.name); found != sources.environment.end()) {
      entry.value = found->second;
      entry.source = "environment";
    }
    if (const auto found = sources.flags.find(entry.name); found != sources.flags.end()) {
      entry.value = found->second;
      entry.source = "flag";
    }
    if (const auto applied = setting.apply(entry.value, config); !applied) {
      const std::string shown = setting.secret ? std::string("its value") : str("'", entry.value, "'");
      return fail(ErrorCode::invalid_argument,
                  str(entry.name, " (from ", entry.source, "): ", shown, " is not allowed; allowed is: ", applied.error().message));
    }
    config.entries.push_back(std::move(entry));
  }
  if (config.provider.empty()) {
    const bool openai = !config.openai_api_key.empty() || !config.openai_base_url.empty();
    config.provider = !config.anthropic_api_key.empty() ? "anthropic" : openai ? "openai" : "rules";
    for (ConfigEntry& entry : config.entries) {
      if (entry.name == "BRIDGE_PROVIDER") entry.value = config.provider;
    }
  }
  if (!is_loopback(config.listen_address) && !config.trusted_proxy && !insecure_listen) {
    return fail(ErrorCode::invalid_argument,
                str("BRIDGE_LISTEN: ", config.listen_address,
                    " can be reached from other machines, and Bridge speaks no TLS itself: put a proxy with TLS in front and set "
                    "BRIDGE_TRUSTED_PROXY=1, or accept the risk with BRIDGE_INSECURE_LISTEN=1"));
  }
  return config;
}

std::string make_env_example() {
  bool insecure_listen = false;
  std::string out =
      "# Every setting of Bridge with its default; what is needed is uncommented and set. Flags beat these, these beat bridge.yaml.\n"
      "# Written by `bridge config --env-example`.\n";
  for (const Setting& setting : make_settings(insecure_listen, false)) {
    out += str("\n# ", setting.about, setting.in_this_build ? "" : " (not part of this build yet: leave it unset)", "\n# ", setting.name,
               "=", setting.default_value, "\n");
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
