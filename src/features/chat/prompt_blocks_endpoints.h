#pragma once

#include <vector>

#include "ai_sdk/prompts/prompt_block_service.h"
#include "platform/http/route.h"

namespace bridge {

std::vector<Route> make_prompt_block_routes(PromptBlockService& prompt_blocks);

}  // namespace bridge
