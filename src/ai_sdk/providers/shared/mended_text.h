#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

// Text of models as vendors' own clients read it. Servers cut it anywhere: between the two halves of a character beyond U+FFFF, which JSON
// writes as a pair of surrogates, or inside the bytes of a character. A half that has no other half becomes U+FFFD, and so does what is no
// UTF-8; nothing else in Bridge ever sees either.

namespace bridge {

// Mends a text that comes in pieces: halves that meet across pieces are joined.
class TextMender final {
 public:
  // What is settled of the text with this piece; all of it but for the beginning of a character at its end.
  std::string take(std::string_view piece);
  // The text has ended.
  std::string rest();

 private:
  std::string held_;
};

std::string mended(std::string_view text);

// The JSON of an event. Strings below a "delta" may begin and end with parts of a character, which a TextMender has to put together; all
// others are mended. Of a key that occurs twice the last holds.
Result<json::value> parse_event_json(std::string_view text);

// JSON that a model wrote, mended.
Result<json::value> parse_model_json(std::string_view text, JsonLimits limits);

}  // namespace bridge
