#include "warehouse/isolated/killed_requests.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"

namespace bridge::isolated {

Result<> KilledRequests::check(std::string_view key) {
  const auto known = requests_.find(key);
  if (!known || known->deaths < request_deaths_max) return {};
  Error error = known->last;
  error.message = str("This query is not run any more, because it killed its engine ", known->deaths,
                      " times. It is run again when it or its data has changed. ", error.message);
  return fail(std::move(error));
}

void KilledRequests::note(const std::string& key, const Error& error) {
  Known known = requests_.find(key).value_or(Known{});
  ++known.deaths;
  known.last = error;
  if (known.deaths == request_deaths_max)
    log_warning("query_not_run_again", {{"key", encode_hex(key).substr(0, 16)}, {"detail", error.detail}});
  requests_.put(key, std::move(known));
}

std::string killed_request_key(std::string_view who, std::string_view data, std::string_view request) {
  return sha256(str(who.size(), ":", who, data.size(), ":", data, request));
}

}  // namespace bridge::isolated
