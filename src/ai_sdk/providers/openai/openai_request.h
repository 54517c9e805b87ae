#pragma once

#include "ai_sdk/llm_config/model_catalogue.h"
#include "ai_sdk/providers/shared/encoded_request.h"

namespace bridge {

// The body of POST /chat/completions, streaming, as the server of this profile and this model take it. Equal requests give equal bytes.
EncodedRequest encode_openai_request(const CompletionRequest& request, const ModelTraits& traits, const OpenaiProfile& profile);

}  // namespace bridge
