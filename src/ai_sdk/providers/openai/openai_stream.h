#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ai_sdk/llm_config/model_catalogue.h"
#include "ai_sdk/providers/shared/stream_decoder.h"

namespace bridge {

// Decodes a Chat Completions stream, and what compatible servers make of it. Calls whose server gives them no id get one that begins with
// `call_id_prefix`; `tool_names` are those that the model was told of, by which names that come in pieces are known.
std::unique_ptr<StreamDecoder> make_openai_decoder(const OpenaiProfile& profile, std::string call_id_prefix,
                                                   std::vector<std::string> tool_names);

}  // namespace bridge
