#pragma once

#include "ai_sdk/llm_config/model_catalogue.h"
#include "ai_sdk/providers/shared/encoded_request.h"

namespace bridge {

// The body of POST /v1/messages, streaming. Equal requests give equal bytes, and a conversation that grew gives the old bytes and more
// behind them, which is what prompt caching needs. At most three cache breakpoints: behind the prompt blocks, at the newest message (so
// that the next step reads this one), and at the one before it (so that this step reads the last one, whatever it had in between). None
// where the prompt is too short for the model to cache.
EncodedRequest encode_anthropic_request(const CompletionRequest& request, const ModelTraits& traits);

}  // namespace bridge
