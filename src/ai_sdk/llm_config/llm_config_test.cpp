#include <gtest/gtest.h>

#include "ai_sdk/llm_config/model_catalogue.h"
#include "ai_sdk/llm_config/price_list.h"

namespace bridge {
namespace {

const Time kNow = *parse_time("2026-11-25");

std::optional<std::int64_t> cost(std::string_view list, std::string_view model, const TokenUsage& usage, Time at = kNow) {
  const auto cost = cost_of(list, model, at, usage);
  return cost ? std::optional(cost->nano_usd) : std::nullopt;
}

TEST(PriceList, PricesEachOfTheFourKindsOfInputOnce) {
  // 10 × $2 + 4,000 × $0.10 + 800 × $2.50 + 100 × $4 + 210 × $10, per million
  EXPECT_EQ(cost("anthropic", "claude-sonnet-5-5",
                 {.input_tokens = 10,
                  .cache_read_tokens = 4'000,
                  .cache_write_tokens = 800,
                  .cache_write_long_tokens = 100,
                  .output_tokens = 210}),
            10 * 2'000 + 4'000 * 100 + 800 * 2'500 + 100 * 4'000 + 210 * 10'000);
  EXPECT_EQ(cost("openai", "gpt-6.1-sol", {.input_tokens = 150, .cache_read_tokens = 1'000, .cache_write_tokens = 50, .output_tokens = 40}),
            150 * 2'000 + 1'000 * 50 * 2 + 50 * 2'500 + 40 * 10'000);
}

TEST(PriceList, TakesThePriceOfTheDay) {
  const TokenUsage usage{.input_tokens = 0, .cache_read_tokens = 1'000'000, .output_tokens = 0};
  EXPECT_EQ(cost("anthropic", "claude-sonnet-5-5", usage, *parse_time("2026-10-06T23:59:59Z")), 200'000'000);
  EXPECT_EQ(cost("anthropic", "claude-sonnet-5-5", usage, *parse_time("2026-10-07T00:00:00Z")), 100'000'000);
  EXPECT_EQ(cost_of("anthropic", "claude-sonnet-5-5", kNow, usage)->price_date, "2026-10-07");
  EXPECT_FALSE(cost("anthropic", "claude-haiku-5-5", usage, *parse_time("2026-10-06"))) << "there was no price yet";
}

TEST(PriceList, TakesTheBandOfTheWholePrompt) {
  EXPECT_EQ(cost("anthropic", "claude-haiku-5-5", {.input_tokens = 100'000, .output_tokens = 1'000}), 100'000 * 100 + 1'000 * 500);
  EXPECT_EQ(cost("anthropic", "claude-haiku-5-5", {.input_tokens = 1, .cache_read_tokens = 100'000, .output_tokens = 1'000}),
            1 * 500 + 100'000 * 50 + 1'000 * 2'500);
  EXPECT_EQ(cost("openai", "gpt-6-sol", {.input_tokens = 272'000, .output_tokens = 1'000}), 272'000LL * 2'000 + 1'000 * 10'000);
  EXPECT_EQ(cost("openai", "gpt-6-sol", {.input_tokens = 272'001, .output_tokens = 1'000}), 272'001LL * 4'000 + 1'000 * 15'000);
}

TEST(PriceList, KnowsServiceTiersAndNotWhatItDoesNotKnow) {
  const TokenUsage standard{.input_tokens = 1'000, .output_tokens = 0, .service_tier = "default"};
  TokenUsage tier = standard;
  tier.service_tier = "priority";
  EXPECT_EQ(cost("openai", "gpt-6-sol", standard), 2'000'000);
  EXPECT_EQ(cost("openai", "gpt-6-sol", tier), 4'000'000);
  tier.service_tier = "flex";
  EXPECT_EQ(cost("openai", "gpt-6-sol", tier), 1'000'000);
  tier.service_tier = "platinum";
  EXPECT_FALSE(cost("openai", "gpt-6-sol", tier));
}

TEST(PriceList, SaysThatItDoesNotKnowInsteadOfNothing) {
  const TokenUsage usage{.input_tokens = 1, .output_tokens = 1};
  EXPECT_FALSE(cost("anthropic", "claude-sonnet-5-7", usage)) << "another version is another model";
  EXPECT_FALSE(cost("openai", "llama-4", usage));
  EXPECT_FALSE(cost("", "gpt-6-sol", usage)) << "a server of its own has prices of its own";
  EXPECT_FALSE(cost("anthropic", "claude-sonnet-5-5", {.output_tokens = 1})) << "an unknown counter";
  EXPECT_EQ(cost("rules", "rules-1", usage), 0);
  EXPECT_TRUE(cost("anthropic", "claude-sonnet-5-5-20261001", usage)) << "a dated version";
}

TEST(PriceList, CoversEveryModelThatPeopleMayChoose) {
  for (const char* provider : {"anthropic", "openai"}) {
    for (const std::string& model : listed_models(provider)) EXPECT_TRUE(find_rates(provider, model, kNow, 1, "")) << model;
  }
}

TEST(ModelCatalogue, FindsTheLongestNameThatFits) {
  EXPECT_FALSE(traits_of_model("anthropic", "claude-opus-5-5").forced_tool_choice);
  EXPECT_TRUE(traits_of_model("anthropic", "claude-opus-5").forced_tool_choice);
  EXPECT_EQ(traits_of_model("anthropic", "claude-opus-4-6").cache_tokens_min, 4'096);
  EXPECT_EQ(traits_of_model("anthropic", "claude-new-9").cache_tokens_min, 1'024);
  EXPECT_EQ(traits_of_model("openai", "gpt-5.6-sol").reasoning, ReasoningKind::effort_without_tools);
  EXPECT_EQ(traits_of_model("openai", "llama-4").output_field, OutputField::max_tokens);
}

TEST(ModelCatalogue, PutsTheDefaultFirst) {
  EXPECT_EQ(listed_models("anthropic").front(), "claude-sonnet-5-5");
  EXPECT_EQ(listed_models("openai").front(), "gpt-6.1-sol");
}

TEST(ModelCatalogue, FindsAProfileByNameOrByTheServersAddress) {
  EXPECT_EQ(find_openai_profile("", "https://api.openai.com/v1")->name, "openai");
  EXPECT_EQ(find_openai_profile("", "http://127.0.0.1:11434/v1")->name, "compatible");
  EXPECT_EQ(find_openai_profile("minimal", "http://127.0.0.1:11434/v1")->name, "minimal");
  EXPECT_FALSE(find_openai_profile("other", ""));
}

}  // namespace
}  // namespace bridge
