#include "ai_sdk/llm_config/price_list.h"

#include <cmath>

#include "ai_sdk/llm_config/embedded_config.h"
#include "ai_sdk/llm_config/model_catalogue.h"

namespace bridge {

// Rows of the file, in dollars per million tokens.
struct PriceRow {
  std::string provider;
  std::string model;
  std::string valid_from;
  std::int64_t prompt_tokens_from = 0;
  double input = 0;
  double output = 0;
  double cache_read = 0;
  std::optional<double> cache_write;
  std::optional<double> cache_write_long;
};
BOOST_DESCRIBE_STRUCT(PriceRow, (),
                      (provider, model, valid_from, prompt_tokens_from, input, output, cache_read, cache_write, cache_write_long))
template <>
inline constexpr auto field_notes<PriceRow> = std::to_array<FieldNote>({{.name = "prompt_tokens_from", .optional = true}});

struct LongPromptRow {
  std::string provider;
  std::int64_t prompt_tokens_from = 0;
  double input_factor = 1;
  double output_factor = 1;
};
BOOST_DESCRIBE_STRUCT(LongPromptRow, (), (provider, prompt_tokens_from, input_factor, output_factor))

struct ServiceTierRow {
  std::string provider;
  std::string service_tier;
  double factor = 1;
};
BOOST_DESCRIBE_STRUCT(ServiceTierRow, (), (provider, service_tier, factor))

struct PricesFile {
  std::string about;
  std::string as_of;
  std::vector<PriceRow> rows;
  std::vector<LongPromptRow> long_prompts;
  std::vector<ServiceTierRow> service_tiers;
};
BOOST_DESCRIBE_STRUCT(PricesFile, (), (about, as_of, rows, long_prompts, service_tiers))
template <>
inline constexpr auto field_notes<PricesFile> = std::to_array<FieldNote>({{.name = "about", .length_max = 4'096}});

namespace {

const PricesFile& prices_file() {
  static const PricesFile file = read_llm_config<PricesFile>("prices.json");
  return file;
}

// A dollar per million tokens is a thousand nano-dollars per token.
std::int64_t nano_per_token(double usd_per_million, double factor) { return std::llround(usd_per_million * factor * 1'000); }

// Names before beginnings, long ones before short ones; of equal ones the newest day, then the largest prompt.
bool beats(const PriceRow& row, const PriceRow& other) {
  return std::tuple(row.model.size(), std::string_view(row.valid_from), row.prompt_tokens_from) >
         std::tuple(other.model.size(), std::string_view(other.valid_from), other.prompt_tokens_from);
}

const PriceRow* find_row(std::string_view price_list, std::string_view model, std::string_view day, std::int64_t prompt_tokens) {
  const PriceRow* best = nullptr;
  for (const PriceRow& row : prices_file().rows) {
    if (row.provider != price_list || !covers_model(row.model, model) || row.valid_from > day || prompt_tokens < row.prompt_tokens_from)
      continue;
    if (!best || beats(row, *best)) best = &row;
  }
  return best;
}

bool is_standard_tier(std::string_view tier) { return tier.empty() || tier == "standard" || tier == "default" || tier == "auto"; }

}  // namespace

std::optional<TokenRates> find_rates(std::string_view price_list, std::string_view model, Time at, std::int64_t prompt_tokens,
                                     std::string_view service_tier) {
  const std::string day = format_time(at).substr(0, 10);
  const PriceRow* row = find_row(price_list, model, day, prompt_tokens);
  if (!row) return std::nullopt;
  double input_factor = 1;
  double output_factor = 1;
  if (!is_standard_tier(service_tier)) {
    const auto& tiers = prices_file().service_tiers;
    const auto tier = std::ranges::find_if(
        tiers, [&](const ServiceTierRow& known) { return known.provider == price_list && known.service_tier == service_tier; });
    if (tier == tiers.end()) return std::nullopt;
    input_factor = output_factor = tier->factor;
  }
  for (const LongPromptRow& band : prices_file().long_prompts) {
    if (band.provider != price_list || prompt_tokens < band.prompt_tokens_from) continue;
    input_factor *= band.input_factor;
    output_factor *= band.output_factor;
  }
  const double write = row->cache_write.value_or(row->input);
  return TokenRates{.input = nano_per_token(row->input, input_factor),
                    .output = nano_per_token(row->output, output_factor),
                    .cache_read = nano_per_token(row->cache_read, input_factor),
                    .cache_write = nano_per_token(write, input_factor),
                    .cache_write_long = nano_per_token(row->cache_write_long.value_or(write), input_factor),
                    .valid_from = row->valid_from};
}

std::optional<Cost> cost_of(std::string_view price_list, std::string_view model, Time at, const TokenUsage& usage) {
  if (price_list.empty()) return std::nullopt;
  const auto rates = find_rates(price_list, model, at, prompt_tokens(usage), usage.service_tier);
  if (!rates) return std::nullopt;
  if ((!usage.input_tokens && rates->input > 0) || (!usage.output_tokens && rates->output > 0)) return std::nullopt;
  return Cost{.nano_usd = usage.input_tokens.value_or(0) * rates->input + usage.cache_read_tokens.value_or(0) * rates->cache_read +
                          usage.cache_write_tokens.value_or(0) * rates->cache_write +
                          usage.cache_write_long_tokens.value_or(0) * rates->cache_write_long +
                          usage.output_tokens.value_or(0) * rates->output,
              .price_date = rates->valid_from};
}

}  // namespace bridge
