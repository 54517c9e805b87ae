#pragma once

#include <string_view>

#include "base/time.h"
#include "platform/http/client.h"

namespace bridge {

// What a model API said of trying again, in the official clients' semantics: retry-after-ms before retry-after (seconds or an HTTP date)
// for how long, x-should-retry before the status for whether. Unreadable values are as if they were missing.
struct RetryAdvice {
  std::optional<std::chrono::milliseconds> after;
  std::optional<bool> should_retry;
};
RetryAdvice read_retry_advice(const Headers& headers, Time now);

// An error with this status: what the caller can do about it, whether trying again may help. `kind` is the API's own word for it and
// becomes the reason; `message` is what it said to people, which is shown shortened and without control characters.
Error make_server_error(std::string_view provider, int status, std::string_view kind, std::string_view message, const RetryAdvice& advice);

// An answer that is not what its protocol says; and one that ended before it had come to its end. Both may be better the next time.
std::unexpected<Error> stream_broken(std::string detail);
std::unexpected<Error> stream_cut();

std::string_view header_value(const Headers& headers, std::string_view lower_name);

}  // namespace bridge
