#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ai_sdk/core/model_call.h"

namespace bridge {

using ModelCallId = Id<struct ModelCallTag>;

// The account of one request to a provider: a row of the directory.
struct ModelCall {
  ModelCallId id;
  TeamId team_id;
  UserId user_id;
  UserId person_id;
  SessionId session_id;
  std::string provider;
  std::string model;
  int step = 0;
  int attempt = 1;
  std::optional<std::int64_t> input_tokens;
  std::optional<std::int64_t> output_tokens;
  std::optional<std::int64_t> cache_read_tokens;
  std::optional<std::int64_t> cache_write_tokens;  // for five minutes
  std::optional<std::int64_t> cache_write_long_tokens;
  bool usage_complete = false;
  std::string service_tier;
  std::optional<std::int64_t> cost_nano_usd;
  std::optional<std::string> price_date;
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> time_to_first_token_ms;
  ModelCallStatus status = ModelCallStatus::ok;
  std::optional<std::string> error_code;
  std::optional<std::string> trace_id;
  Time created_at;
};
BOOST_DESCRIBE_STRUCT(ModelCall, (),
                      (id, team_id, user_id, person_id, session_id, provider, model, step, attempt, input_tokens, output_tokens,
                       cache_read_tokens, cache_write_tokens, cache_write_long_tokens, usage_complete, service_tier, cost_nano_usd,
                       price_date, latency_ms, time_to_first_token_ms, status, error_code, trace_id, created_at))

// The same on the wire, with its price in dollars.
struct ModelCallView {
  ModelCallId id;
  SessionId session_id;
  UserId user_id;  // whose it was: a user, or a key that belongs to none
  std::string provider;
  std::string model;
  int step = 0;
  int attempt = 1;
  std::optional<std::int64_t> input_tokens;
  std::optional<std::int64_t> cache_read_tokens;
  std::optional<std::int64_t> cache_write_tokens;  // of both kinds
  std::optional<std::int64_t> output_tokens;
  bool usage_complete = false;
  std::optional<double> cost_usd;
  bool price_known = false;
  std::optional<std::string> price_date;
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> time_to_first_token_ms;
  ModelCallStatus status = ModelCallStatus::ok;
  std::optional<std::string> error_code;
  std::optional<std::string> trace_id;
  Time created_at;
};
BOOST_DESCRIBE_STRUCT(ModelCallView, (),
                      (id, session_id, user_id, provider, model, step, attempt, input_tokens, cache_read_tokens, cache_write_tokens,
                       output_tokens, usage_complete, cost_usd, price_known, price_date, latency_ms, time_to_first_token_ms, status,
                       error_code, trace_id, created_at))

struct ModelCallList {
  std::vector<ModelCallView> items;
  std::int64_t total = 0;
  std::optional<std::int64_t> next_offset;
};
BOOST_DESCRIBE_STRUCT(ModelCallList, (), (items, total, next_offset))

struct ModelCallFilter {
  SessionId session_id;       // empty: all
  std::string provider;       // empty: all
  std::optional<Time> from;   // included
  std::optional<Time> until;  // excluded
  int limit = 100;
  std::int64_t offset = 0;
};

enum class CostGrouping : std::uint8_t { day, week, month };
BOOST_DESCRIBE_ENUM(CostGrouping, day, week, month)

// What was used on one day, or in the week or month that begins on it.
struct CostShare {
  std::string date;  // "2026-11-23"
  double cost = 0;
  std::int64_t tokens = 0;
};
BOOST_DESCRIBE_STRUCT(CostShare, (), (date, cost, tokens))

struct CostSummary {
  double total_cost_usd = 0;
  std::int64_t total_tokens = 0;
  std::int64_t unpriced_calls = 0;  // whose cost nobody knows: they are in the tokens and not in the cost
  std::vector<CostShare> breakdown;
};
BOOST_DESCRIBE_STRUCT(CostSummary, (), (total_cost_usd, total_tokens, unpriced_calls, breakdown))

struct ToolCacheStatistics {
  double hit_rate_pct = 0;
  std::int64_t total_hits = 0;
  std::int64_t total_misses = 0;
  std::int64_t total_cached_tools = 0;  // answers that are fresh
  double storage_size_mb = 0;
};
BOOST_DESCRIBE_STRUCT(ToolCacheStatistics, (), (hit_rate_pct, total_hits, total_misses, total_cached_tools, storage_size_mb))

}  // namespace bridge
