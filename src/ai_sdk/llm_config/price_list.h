#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ai_sdk/core/model_call.h"
#include "base/time.h"

namespace bridge {

// Nano-dollars per token.
struct TokenRates {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  std::int64_t cache_write_long = 0;
  std::string valid_from;  // "2026-10-07"
};

// The rates of llm_config/prices.json that held at that time for a prompt of that many tokens in that service tier. None for a model, a day
// or a tier that no row speaks of.
std::optional<TokenRates> find_rates(std::string_view price_list, std::string_view model, Time at, std::int64_t prompt_tokens,
                                     std::string_view service_tier);

struct Cost {
  std::int64_t nano_usd = 0;
  std::string price_date;
};

// What a call cost. None when the price is unknown, or a counter that has a price. Of an incomplete call: what it had used when it ended.
std::optional<Cost> cost_of(std::string_view price_list, std::string_view model, Time at, const TokenUsage& usage);

}  // namespace bridge
