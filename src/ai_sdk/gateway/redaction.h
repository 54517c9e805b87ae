#pragma once

#include <memory>
#include <string>

#include "ai_sdk/core/provider.h"

namespace bridge {

// Text without what is a secret for sure: keys and tokens by their known forms, private keys, passwords in URLs. Each becomes "[removed]".
// Returns how many there were.
struct CleanText {
  std::string text;
  int removed = 0;
};
CleanText remove_secrets(std::string_view text);

// `caller`, which sees stand-ins instead of people's e-mail addresses, card, account and social security numbers ("redacted-email-1"), and
// nothing instead of secrets. The same value has the same stand-in throughout a conversation, and what comes back is put right again: words
// and tool calls speak of the real values. Content that a provider wants back unchanged is not touched.
std::shared_ptr<ModelCaller> with_redaction(std::shared_ptr<ModelCaller> caller);

}  // namespace bridge
