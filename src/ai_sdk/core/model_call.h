#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/json.h"

namespace bridge {

// Four disjoint input counters, and the output. Unknown is not zero. `complete` when the server said that this is the whole.
struct TokenUsage {
  std::optional<std::int64_t> input_tokens;  // read neither from nor into a cache
  std::optional<std::int64_t> cache_read_tokens;
  std::optional<std::int64_t> cache_write_tokens;       // kept for five minutes
  std::optional<std::int64_t> cache_write_long_tokens;  // kept for an hour
  std::optional<std::int64_t> output_tokens;            // reasoning included
  std::string service_tier;                             // as the server named it; empty: the standard one
  bool complete = false;
};
BOOST_DESCRIBE_STRUCT(TokenUsage, (),
                      (input_tokens, cache_read_tokens, cache_write_tokens, cache_write_long_tokens, output_tokens, service_tier, complete))

// All input, cached or not; unknown counters count as nothing.
inline std::int64_t prompt_tokens(const TokenUsage& usage) {
  return usage.input_tokens.value_or(0) + usage.cache_read_tokens.value_or(0) + usage.cache_write_tokens.value_or(0) +
         usage.cache_write_long_tokens.value_or(0);
}

enum class ModelCallStatus : std::uint8_t { ok, error, cancelled };
BOOST_DESCRIBE_ENUM(ModelCallStatus, ok, error, cancelled)

// What one request to a provider came to.
struct ModelCallRecord {
  TeamId team_id;
  UserId person_id;  // whose call it was
  SessionId session_id;
  std::string provider;
  std::string model;
  int step = 0;     // of the turn, from 1
  int attempt = 1;  // of the step
  TokenUsage usage;
  std::optional<std::int64_t> cost_nano_usd;  // unknown when the price or the usage is
  std::string price_date;                     // from which day on the price holds that was taken
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> time_to_first_token_ms;  // none when nothing came
  ModelCallStatus status = ModelCallStatus::ok;
  std::string error_code;
  std::string correlation_id;
};

// Is told of every request to a provider, failed and cancelled ones included, once each. Thread-safe. Returns when the account is kept.
class ModelCallObserver {
 public:
  virtual ~ModelCallObserver() = default;
  virtual void on_model_call(const ModelCallRecord& record) = 0;
};

}  // namespace bridge
