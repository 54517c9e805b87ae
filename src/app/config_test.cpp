#include "app/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "app/settings.h"

namespace bridge {
namespace {

ConfigSources sources_with(std::map<std::string, std::string> environment) {
  environment.emplace("BRIDGE_DATA_DIR", "/tmp/bridge-config-test");
  return {.environment = std::move(environment)};
}

TEST(Config, DefaultsAreSafeAndComplete) {
  const auto config = load_config(sources_with({}));
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->listen_address, "127.0.0.1");
  EXPECT_EQ(config->listen_port, 8080);
  EXPECT_EQ(config->bytes_max, 100'000'000u);
  EXPECT_EQ(config->cache_ttl_ms, 86'400'000);
  EXPECT_EQ(config->provider, "rules");
}

TEST(Config, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const std::string file = testing::TempDir() + "bridge-config.yaml";
  std::ofstream(file) << "listen: 127.0.0.1:1\nmax_bytes_billed: 50MB\ncache_ttl: 1h\n";
  ConfigSources sources = sources_with({{"BRIDGE_LISTEN", "127.0.0.1:2"}, {"BRIDGE_CACHE_TTL", "2h"}});
  sources.file = file;
  sources.flags = {{"BRIDGE_LISTEN", "127.0.0.1:3"}};
  const auto config = load_config(sources);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->listen_port, 3);
  EXPECT_EQ(config->cache_ttl_ms, 7'200'000);
  EXPECT_EQ(config->bytes_max, 50'000'000u);
  for (const ConfigEntry& entry : config->entries) {
    if (entry.name == "BRIDGE_LISTEN") {
      EXPECT_EQ(entry.source, "flag");
    }
    if (entry.name == "BRIDGE_MAX_BYTES_BILLED") {
      EXPECT_EQ(entry.source, "bridge.yaml");
    }
  }
}

TEST(Config, AnUnknownVariableIsNamedWithTheNearestOne) {
  const auto config = load_config(sources_with({{"BRIDGE_LISTN", "x"}}));
  ASSERT_FALSE(config.has_value());
  EXPECT_NE(config.error().message.find("BRIDGE_LISTN"), std::string::npos);
  EXPECT_NE(config.error().message.find("did you mean BRIDGE_LISTEN"), std::string::npos);
}

TEST(Config, BadValuesSayWhatIsAllowedAndSecretsAreNotShown) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"BRIDGE_LISTEN", "8080"},
                                                                      {"BRIDGE_LISTEN ", ""},
                                                                      {"BRIDGE_MAX_BYTES_BILLED", "many"},
                                                                      {"BRIDGE_CACHE_TTL", "72h"},
                                                                      {"BRIDGE_LOG_LEVEL", "loud"},
                                                                      {"BRIDGE_PROVIDER", "oracle"}}) {
    EXPECT_FALSE(load_config(sources_with({{name, value}})).has_value()) << name;
  }
  const auto secret = load_config(sources_with({{"DATABASE_URL", "postgresql://u:hunter2@db/x"}}));
  ASSERT_FALSE(secret.has_value());
  EXPECT_EQ(secret.error().message.find("hunter2"), std::string::npos);
}

TEST(Config, ListeningBeyondTheMachineNeedsAWord) {
  EXPECT_FALSE(load_config(sources_with({{"BRIDGE_LISTEN", "0.0.0.0:80"}})).has_value());
  EXPECT_TRUE(load_config(sources_with({{"BRIDGE_LISTEN", "0.0.0.0:80"}, {"BRIDGE_INSECURE_LISTEN", "1"}})).has_value());
  EXPECT_TRUE(load_config(sources_with({{"BRIDGE_LISTEN", "0.0.0.0:80"}, {"BRIDGE_TRUSTED_PROXY", "1"}})).has_value());
}

TEST(Config, ReadsOriginsAsBrowsersWriteThem) {
  const auto origins = [](const char* text) { return load_config(sources_with({{"BRIDGE_CORS_ORIGINS", text}})); };
  EXPECT_TRUE(origins("")->cors_origins.empty());
  EXPECT_EQ(origins(" https://App.example:443 , http://localhost:5173,http://[::1]:8080 ,https://app.example")->cors_origins,
            (std::vector<std::string>{"https://app.example", "http://localhost:5173", "http://[::1]:8080"}));
  for (const char* bad : {"*", "null", "app.example", "https://*.example", "https://app.example/", "https://app.example/path",
                          "https://user@app.example", "ftp://app.example", "https://", "https://a:0", "https://a:99999", "https://a b",
                          "https://app.example https://other.example", "https://a?x"}) {
    const auto config = origins(bad);
    ASSERT_FALSE(config.has_value()) << bad;
    EXPECT_NE(config.error().message.find("BRIDGE_CORS_ORIGINS"), std::string::npos);
    EXPECT_EQ(config.error().message.find('\n'), std::string::npos);
  }
}

TEST(Config, KnowsTheSettingsOfPartsThatAreNotInThisBuildAndRefusesThemInOneLine) {
  for (const char* name : {"DATABASE_URL", "REDIS_URL", "KMS_KEY_NAME", "KMS_KEY_RING", "KMS_CRYPTO_KEY", "KMS_LOCATION"}) {
    const auto config = load_config(sources_with({{name, "x"}}));
    ASSERT_FALSE(config.has_value()) << name;
    EXPECT_NE(config.error().message.find(name), std::string::npos);
    EXPECT_NE(config.error().message.find("not part of this build"), std::string::npos);
    EXPECT_EQ(config.error().message.find('\n'), std::string::npos);
  }
}

TEST(Config, AnExampleOfTheEnvironmentHasEverySettingAndSetsNone) {
  const std::string example = make_env_example();
  const auto config = load_config(sources_with({}));
  ASSERT_TRUE(config.has_value());
  for (const ConfigEntry& entry : config->entries) EXPECT_NE(example.find(str("\n# ", entry.name, "=")), std::string::npos) << entry.name;
  for (const std::string& line : split(example, '\n')) EXPECT_TRUE(line.empty() || line.starts_with('#')) << line;
}

TEST(Config, EverySettingIsToldOnceAndItsDefaultIsAllowed) {
  std::set<std::string> keys;
  for (const SettingGroup& group : setting_groups()) {
    EXPECT_FALSE(group.settings.empty()) << group.subject;
    for (const Setting& setting : group.settings) {
      EXPECT_TRUE(keys.insert(setting_key(setting.name)).second) << setting.name;
      EXPECT_FALSE(setting.about.empty()) << setting.name;
      Config config;
      for (const std::string_view value : {setting.default_value, setting.default_on_terminal}) {
        if (value.empty() && !setting.default_value.empty()) continue;
        const auto taken = setting.take(value, config);
        EXPECT_TRUE(taken) << setting.name << ": " << describe_error(taken.error());
      }
    }
  }
  EXPECT_EQ(setting_key("BRIDGE_CACHE_TTL"), "cache_ttl");
  EXPECT_EQ(setting_key("OTEL_SERVICE_NAME"), "otel_service_name");
}

TEST(Config, LogsAreTextForAPersonAndJsonForAMachine) {
  ConfigSources sources = sources_with({});
  EXPECT_EQ(load_config(sources)->log_format, LogFormat::json);
  sources.terminal = true;
  EXPECT_EQ(load_config(sources)->log_format, LogFormat::text);
  sources.environment["BRIDGE_LOG_FORMAT"] = "json";
  EXPECT_EQ(load_config(sources)->log_format, LogFormat::json);
}

TEST(Config, ABrokenFileSaysWhere) {
  const std::string file = testing::TempDir() + "bridge-broken.yaml";
  std::ofstream(file) << "listen: [\n";
  ConfigSources sources = sources_with({});
  sources.file = file;
  EXPECT_NE(load_config(sources).error().message.find("line"), std::string::npos);
  std::ofstream(file) << "listne: x\n";
  EXPECT_NE(load_config(sources).error().message.find("did you mean listen"), std::string::npos);
  sources.file = testing::TempDir();
  EXPECT_NE(load_config(sources).error().message.find("is a folder"), std::string::npos);
  sources.file = "/nowhere/bridge.yaml";
  EXPECT_FALSE(load_config(sources).has_value());
}

TEST(Config, ChoosesTheFirstProviderWithAKeyAndTheRulesWithoutOne) {
  const auto provider = [](std::map<std::string, std::string> environment) {
    environment["HOME"] = "/tmp";
    const auto config = load_config({.environment = std::move(environment)});
    return config ? config->provider : config.error().message;
  };
  EXPECT_EQ(provider({}), "rules");
  EXPECT_EQ(provider({{"OPENAI_API_KEY", "k"}}), "openai");
  EXPECT_EQ(provider({{"OPENAI_API_KEY", "k"}, {"ANTHROPIC_API_KEY", "k"}}), "anthropic");
  EXPECT_EQ(provider({{"OPENAI_BASE_URL", "http://127.0.0.1:11434/v1"}}), "openai") << "a server of one's own may want no key";
  EXPECT_EQ(provider({{"ANTHROPIC_API_KEY", "k"}, {"BRIDGE_PROVIDER", "rules"}}), "rules");
}

TEST(Config, RefusesBadSettingsOfModelsAndNeverShowsAKey) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"ANTHROPIC_API_KEY", "sk secret"},
                                                                      {"OPENAI_BASE_URL", "ftp://x"},
                                                                      {"ANTHROPIC_BASE_URL", "http://user@host"},
                                                                      {"OPENAI_PROFILE", "other"},
                                                                      {"BRIDGE_FALLBACK", "somebody"},
                                                                      {"BRIDGE_TEAM_STREAMS", "-1"},
                                                                      {"BRIDGE_TEAM_TOKENS_PER_HOUR", "many"},
                                                                      {"BRIDGE_TEAM_USD_PER_DAY", "nan"},
                                                                      {"BRIDGE_REDACTION", "maybe"},
                                                                      {"BRIDGE_CASSETTE", "play:x"}}) {
    const auto config = load_config({.environment = {{"HOME", "/tmp"}, {name, value}}});
    ASSERT_FALSE(config) << name;
    EXPECT_NE(config.error().message.find(name), std::string::npos);
    EXPECT_EQ(config.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace bridge
