#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bridge {

// Chosen by what the caller should do, not by what went wrong inside.
enum class ErrorCode : std::uint8_t {
  invalid_argument,     // mend the input
  unauthenticated,      // present credentials
  permission_denied,    // ask somebody with a larger role
  not_found,            // there is no such thing, or it belongs to another team
  already_exists,       // choose another name
  aborted,              // a newer version won: read it, then try again
  failed_precondition,  // something else has to happen first
  payload_too_large,    // send less
  resource_exhausted,   // over a cap, a rate or a queue
  cancelled,            // the caller went away
  deadline_exceeded,    // it took too long
  unavailable,          // a dependency is down: try again later
  unsupported,          // this build or engine cannot do it
  data_loss,            // stored bytes are unreadable
  internal,             // a defect of Bridge
};

// One thing that is wrong with an input. `path` is dotted ("charts.trend.y"); line and column count from 1, 0 when unknown.
struct Violation {
  std::string path;
  int line = 0;
  int column = 0;
  std::string code;
  std::string message;
  std::string got;
  std::vector<std::string> allowed;
  std::string suggestion;
};

// A failure as a value. `message` may be shown to a client; `detail` only to the log.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string detail;
  // Stable machine-readable name such as "slug_conflict"; empty means the code's own name.
  std::string reason;
  std::vector<Violation> violations;
  std::optional<std::chrono::milliseconds> retry_after;
  // Whether trying again may help, where the one that failed said so itself; else what the code says.
  std::optional<bool> retryable;
};

// What every surface (HTTP, command line) makes of a code. The only such table.
struct ErrorCodeTraits {
  std::string_view name;
  int http_status;
  std::string_view title;
  bool retryable;
  int exit_status;  // 1 the input was wrong, 3 something outside failed
};

const ErrorCodeTraits& traits_of(ErrorCode code);

// Whether the same call may succeed a moment later.
bool is_retryable(const Error& error);

// The reason when there is one, else the name of the code.
std::string_view reason_of(const Error& error);

// "message (path: message; ...)" for logs and terminals.
std::string describe_error(const Error& error);

}  // namespace bridge
