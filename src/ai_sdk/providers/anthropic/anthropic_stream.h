#pragma once

#include <memory>
#include <string>

#include "ai_sdk/providers/shared/stream_decoder.h"

namespace bridge {

// Decodes a Messages stream. `model` is the one that was asked for: what has to come back unchanged is of use to that one alone.
// Calls whose server gives them no id get one that begins with `call_id_prefix`.
std::unique_ptr<StreamDecoder> make_anthropic_decoder(std::string model, std::string call_id_prefix);

}  // namespace bridge
