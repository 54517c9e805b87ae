#include "app/settings.h"

#include "app/setting_kinds.h"
#include "base/text.h"

namespace bridge {
namespace {

using namespace setting_kinds;

// A row a setting: name, default, what it means, which values it takes and where they go.
const std::vector<SettingGroup>& make_groups() {
  static const std::vector<SettingGroup> groups{
      {"the server",
       {
           {.name = "BRIDGE_DATA_DIR",
            .default_value = "~/.bridge",
            .about = "where everything embedded lives",
            .take = folder(&Config::data_dir)},
           {.name = "BRIDGE_LISTEN",
            .default_value = "127.0.0.1:8080",
            .about = "address and port of the server",
            .take = address_and_port(&Config::listen_address, &Config::listen_port)},
           {.name = "BRIDGE_TRUSTED_PROXY", .about = "1 when a proxy with TLS stands in front", .take = flag(&Config::trusted_proxy)},
           {.name = "BRIDGE_INSECURE_LISTEN",
            .about = "1 to listen beyond this machine without TLS",
            .take = flag(&Config::insecure_listen)},
           {.name = "BRIDGE_HOSTS",
            .about = "names that this server is asked by, with commas, such as bridge.example.com; beside them always this machine's own. "
                     "Empty: those alone, or any name when it listens beyond this machine",
            .take = host_names(&Config::hosts)},
           {.name = "BRIDGE_CORS_ORIGINS",
            .about = "origins whose pages may call the API from a browser, with commas; empty: none",
            .take = origins(&Config::cors_origins)},
       }},
      {"where things are kept",
       {
           {.name = "DATABASE_URL",
            .about = "PostgreSQL for the directory; empty: SQLite in the data folder",
            .take = not_in_this_build("PostgreSQL for the directory"),
            .secret = true,
            .in_this_build = false},
           {.name = "REDIS_URL",
            .about = "Redis behind the cache; empty: in-process alone",
            .take = not_in_this_build("Redis"),
            .secret = true,
            .in_this_build = false},
           {.name = "DASHBOARDS_BUCKET",
            .about = "bucket of the dashboards; empty: the lake folder",
            .take = not_in_this_build("A bucket for dashboards"),
            .in_this_build = false},
           {.name = "CREDENTIALS_BUCKET",
            .about = "bucket of the sealed credentials; empty: the lake folder",
            .take = not_in_this_build("A bucket for credentials"),
            .in_this_build = false},
           {.name = "LOGS_BUCKET",
            .about = "bucket of the transcripts; empty: the lake folder",
            .take = not_in_this_build("A bucket for transcripts"),
            .in_this_build = false},
           {.name = "GCS_CREDENTIALS_PREFIX",
            .default_value = "credentials/",
            .about = "prefix of the sealed credentials",
            .take = only("credentials/", "the folder store has no other prefix")},
           {.name = "KMS_KEY_NAME",
            .about = "Cloud KMS key; empty: a local key file",
            .take = not_in_this_build("Cloud KMS"),
            .in_this_build = false},
           {.name = "KMS_KEY_RING",
            .about = "key ring of the Cloud KMS key, where KMS_KEY_NAME does not name it",
            .take = not_in_this_build("Cloud KMS"),
            .in_this_build = false},
           {.name = "KMS_CRYPTO_KEY",
            .about = "the Cloud KMS key in that ring",
            .take = not_in_this_build("Cloud KMS"),
            .in_this_build = false},
           {.name = "KMS_LOCATION",
            .about = "location of that ring; empty: global",
            .take = not_in_this_build("Cloud KMS"),
            .in_this_build = false},
       }},
      {"models",
       {
           {.name = "ANTHROPIC_API_KEY", .about = "key for Claude", .take = api_key(&Config::anthropic_api_key), .secret = true},
           {.name = "ANTHROPIC_BASE_URL",
            .about = "another server that speaks Anthropic's Messages API",
            .take = model_url(&Config::anthropic_base_url)},
           {.name = "OPENAI_API_KEY",
            .about = "key for OpenAI, or for the server at OPENAI_BASE_URL",
            .take = api_key(&Config::openai_api_key),
            .secret = true},
           {.name = "OPENAI_BASE_URL",
            .about = "another server that speaks OpenAI's Chat Completions, such as http://127.0.0.1:11434/v1",
            .take = model_url(&Config::openai_base_url)},
           {.name = "OPENAI_PROFILE",
            .about = "what that server takes: openai, compatible or minimal; empty: by its URL",
            .take = openai_profile(&Config::openai_profile)},
           {.name = "BRIDGE_PROVIDER",
            .about = "the default provider: anthropic, openai or rules; empty: the first with a key, else rules",
            .take = choice(&Config::provider, {{"", ""}, {"anthropic", "anthropic"}, {"openai", "openai"}, {"rules", "rules"}})},
           {.name = "BRIDGE_MODEL",
            .about = "the default model of the provider; empty: the provider's own",
            .take = model_name(&Config::model)},
           {.name = "BRIDGE_FALLBACK",
            .about = "who is asked when a provider cannot be had: openai/gpt-6.1-sol, or several with commas",
            .take = fallbacks(&Config::fallbacks)},
           {.name = "BRIDGE_TEAM_STREAMS",
            .default_value = "50",
            .about = "answers of models that a team may have under way at once; 0: any number",
            .take = count(
                [](Config & config) -> auto& { return config.team_limits.calls_at_once_max; }, 0, 100'000)},
           {.name = "BRIDGE_TEAM_TOKENS_PER_HOUR",
            .default_value = "10000000",
            .about = "tokens that a team may use in an hour; 0: any number",
            .take = count(
                [](Config & config) -> auto& { return config.team_limits.tokens_per_hour_max; }, 0, kAnyCount)},
           {.name = "BRIDGE_TEAM_USD_PER_DAY",
            .default_value = "50",
            .about = "dollars that a team may spend on models in a day (UTC); 0: any number",
            .take = dollars(
                [](Config & config) -> auto& { return config.team_limits.nano_usd_per_day_max; }, 1'000'000)},
           {.name = "BRIDGE_REDACTION",
            .default_value = "on",
            .about = "on: models outside this machine see stand-ins for e-mail addresses and card numbers; off",
            .take = choice(&Config::redact, {{"on", true}, {"off", false}})},
           {.name = "BRIDGE_CASSETTE",
            .about = "for tests: record:FILE or replay:FILE of what providers were sent and answered",
            .take = prefixed(&Config::cassette, {"record:", "replay:"}, "record:FILE or replay:FILE")},
       }},
      {"data on this machine",
       {
           {.name = "BRIDGE_DATA_ROOTS",
            .about = "folders that warehouses of files may lie in, with colons, for one team or for all: sales=/srv/sales:/srv/shared. "
                     "Empty: while the server listens on this machine alone the operator may name any folder, and nobody else any",
            .take = data_roots(&Config::data_roots)},
           {.name = "BRIDGE_ALLOWED_NETWORKS",
            .about = "networks that warehouses may be reached in beside public addresses, with commas: 10.0.0.0/8,192.168.1.7,fd00::/8. "
                     "Empty: while the server listens on this machine alone the operator may name this machine and private networks, and "
                     "nobody else any",
            .take = allowed_networks(&Config::allowed_networks)},
           {.name = "BRIDGE_ALLOW_MISSING_WALLS",
            .about = "1 to read files of people other than the operator even where this system cannot wall engines in (`bridge doctor` "
                     "says what is missing)",
            .take = flag(&Config::allow_missing_walls)},
       }},
      {"queries and answers",
       {
           {.name = "BRIDGE_MAX_BYTES_BILLED",
            .default_value = "100000000",
            .about = "the byte cap; connections and dashboards may only lower it",
            .take = bytes(&Config::bytes_max, 1, 1'000'000'000'000'000, "a number of bytes such as 100000000 or 50MB")},
           {.name = "BRIDGE_TEAM_BYTES_PER_DAY",
            .default_value = "0",
            .about = "bytes that a team's warehouses may be read in a day (UTC), such as 10GB; connections may lower it; 0: any number",
            .take = byte_count([](Config & config) -> auto& { return config.use_caps.team_bytes; })},
           {.name = "BRIDGE_TEAM_QUERIES_PER_DAY",
            .default_value = "0",
            .about = "queries that a team may run on its warehouses in a day, cached answers not counted; 0: any number",
            .take = count(
                [](Config & config) -> auto& { return config.use_caps.team_queries; }, 0, kAnyCount)},
           {.name = "BRIDGE_PERSON_BYTES_PER_DAY",
            .default_value = "0",
            .about = "bytes that one person may have warehouses read in a day; 0: any number",
            .take = byte_count([](Config & config) -> auto& { return config.use_caps.person_bytes; })},
           {.name = "BRIDGE_PERSON_QUERIES_PER_DAY",
            .default_value = "0",
            .about = "queries that one person may run on warehouses in a day; 0: any number",
            .take = count(
                [](Config & config) -> auto& { return config.use_caps.person_queries; }, 0, kAnyCount)},
           {.name = "BRIDGE_CACHE_BYTES",
            .default_value = "256MiB",
            .about = "memory for cached answers",
            .take = bytes(&Config::cache_bytes, 1 << 20, kAnyBytes, "a size of at least 1MiB such as 256MiB")},
           {.name = "BRIDGE_CACHE_TTL",
            .default_value = "24h",
            .about = "how long an answer is fresh unless its dashboard says less",
            .take = duration(&Config::cache_ttl_ms, std::chrono::hours(48), "a time of at most 48h such as 24h or 15m")},
       }},
      {"what the server tells of itself",
       {
           {.name = "BRIDGE_LOG_LEVEL",
            .default_value = "info",
            .about = "debug, info, warning or error",
            .take =
                choice(&Config::log_level,
                       {{"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}})},
           {.name = "BRIDGE_LOG_FORMAT",
            .default_value = "json",
            .default_on_terminal = "text",
            .about = "json or text",
            .take = choice(&Config::log_format, {{"json", LogFormat::json}, {"text", LogFormat::text}})},
           {.name = "OTEL_EXPORTER_OTLP_ENDPOINT",
            .about = "an OpenTelemetry collector (OTLP over HTTP) that takes traces, such as http://127.0.0.1:4318; empty: no traces",
            .take = base_url(&Config::otlp_endpoint)},
           {.name = "OTEL_EXPORTER_OTLP_HEADERS",
            .about = "headers for it: name=value,name=value",
            .take = otlp_headers(&Config::otlp_headers),
            .secret = true},
           {.name = "OTEL_SERVICE_NAME",
            .default_value = "bridge",
            .about = "what traces call this server",
            .take = name_or_default(&Config::service_name, "bridge")},
           {.name = "OTEL_BSP_SCHEDULE_DELAY",
            .default_value = "5000",
            .about = "milliseconds that spans are collected for before they are sent",
            .take = milliseconds(&Config::otlp_delay, 1, 600'000)},
       }},
      {"standard names of other programs, shown by `bridge config`",
       {
           {.name = "GOOGLE_CLOUD_PROJECT", .about = "for Google services, when they are in use", .take = anything()},
           {.name = "GOOGLE_APPLICATION_CREDENTIALS", .about = "for Google services, when they are in use", .take = anything()},
       }},
  };
  return groups;
}

}  // namespace

std::span<const SettingGroup> setting_groups() { return make_groups(); }

std::string setting_key(std::string_view name) {
  constexpr std::string_view own = "BRIDGE_";
  return lower(name.starts_with(own) ? name.substr(own.size()) : name);
}

}  // namespace bridge
