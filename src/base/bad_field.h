#pragma once

#include <string>

#include "base/result.h"

namespace bridge {

struct BadFieldWords {
  std::string message;  // for people; empty: the violation's own, which then is a sentence
  std::string reason;   // see Error
};

// invalid_argument because of one field of an input: `return bad_field({.path = "content", .code = "blank", .message = "Write some
// text"})`.
std::unexpected<Error> bad_field(Violation violation, BadFieldWords words = {});

// The same for a violation that goes on from the field's name: "must be true or false".
std::unexpected<Error> bad_value(Violation violation);

}  // namespace bridge
