#include "base/error.h"

#include <array>

namespace bridge {
namespace {

constexpr std::array<ErrorCodeTraits, 15> kTraits{{
    {"invalid_argument", 422, "The input is not valid", false, 1},
    {"unauthenticated", 401, "Credentials are missing or not valid", false, 1},
    {"permission_denied", 403, "Your role does not allow this", false, 1},
    {"not_found", 404, "There is no such thing", false, 1},
    {"already_exists", 409, "It exists already", false, 1},
    {"aborted", 412, "A newer version exists", false, 1},
    {"failed_precondition", 409, "Something else has to happen first", false, 1},
    {"payload_too_large", 413, "Too large", false, 1},
    {"resource_exhausted", 429, "A limit is reached", true, 3},
    {"cancelled", 499, "Cancelled", false, 3},
    {"deadline_exceeded", 504, "It took too long", true, 3},
    {"unavailable", 503, "Not available now", true, 3},
    {"unsupported", 501, "Not supported", false, 1},
    {"data_loss", 500, "Stored data cannot be read", false, 3},
    {"internal", 500, "Internal error", false, 3},
}};

}  // namespace

const ErrorCodeTraits& traits_of(ErrorCode code) { return kTraits.at(static_cast<std::size_t>(code)); }

bool is_retryable(const Error& error) { return error.retryable.value_or(traits_of(error.code).retryable); }

std::string_view reason_of(const Error& error) {
  return error.reason.empty() ? traits_of(error.code).name : std::string_view(error.reason);
}

std::string describe_error(const Error& error) {
  std::string single;
  for (const Violation& violation : error.violations) {
    if (violation.path.empty() && error.message.contains(violation.message)) continue;  // it is said already
    if (!single.empty()) single += "; ";
    if (!violation.path.empty()) single += violation.path + ": ";
    single += violation.message;
  }
  return single.empty() ? error.message : error.message + " (" + single + ")";
}

}  // namespace bridge
