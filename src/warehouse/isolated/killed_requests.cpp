#include "warehouse/isolated/killed_requests.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"

namespace bridge::isolated {

std::optional<std::chrono::milliseconds> time_of(const CallContext& context) {
  if (!context.deadline) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(*context.deadline - CallContext::Clock::now());
}

Result<> KilledRequests::check(std::string_view key, std::optional<std::chrono::milliseconds> time_left) {
  const auto known = requests_.find(key);
  if (!known || known->deaths < request_deaths_max) return {};
  const bool is_for_time = known->last.code == ErrorCode::deadline_exceeded;
  if (is_for_time && known->time_given && (!time_left || *time_left >= *known->time_given * more_time_factor)) return {};
  Error error = known->last;
  error.message = str("This query killed its engine twice, and is not run any more until it or its data changes",
                      is_for_time ? ", or it is given twice the time" : "", ". The last time: ", error.message);
  return fail(std::move(error));
}

void KilledRequests::note(const std::string& key, const Error& error, std::optional<std::chrono::milliseconds> time_given) {
  Known known = requests_.find(key).value_or(Known{});
  ++known.deaths;
  known.last = error;
  known.time_given = time_given;
  if (known.deaths == request_deaths_max)
    log_warning("query_not_run_again", {{"key", encode_hex(key).substr(0, 16)}, {"detail", error.detail}});
  if (error.code == ErrorCode::deadline_exceeded) requests_.put(key, std::move(known), killed_for_time_max);
  else requests_.put(key, std::move(known));
}

std::string killed_request_key(std::string_view who, std::string_view data, std::string_view request) {
  return sha256(str(who.size(), ":", who, data.size(), ":", data, request));
}

}  // namespace bridge::isolated
