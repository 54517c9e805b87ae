#include "base/bad_field.h"

namespace bridge {

std::unexpected<Error> bad_field(Violation violation, BadFieldWords words) {
  if (words.message.empty()) words.message = violation.message;
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = std::move(words.message),
                    .reason = std::move(words.reason),
                    .violations = {std::move(violation)}});
}

std::unexpected<Error> bad_value(Violation violation) {
  std::string message = violation.path + " " + violation.message;
  return bad_field(std::move(violation), {.message = std::move(message)});
}

}  // namespace bridge
