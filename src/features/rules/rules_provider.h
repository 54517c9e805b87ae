#pragma once

#include <memory>

#include "ai_sdk/core/provider.h"

namespace bridge {

// The provider `rules`, model `rules-1`: no model, no key, no network. It reads the sentence and the tools' answers so far, and takes the
// next step of: datasets, tables, schemas, dry runs, validation, saving, a closing text. Stateless and thread-safe; the same conversation
// always gets the same step. A step takes a few milliseconds.
std::shared_ptr<ProviderAdapter> make_rules_provider();

}  // namespace bridge
