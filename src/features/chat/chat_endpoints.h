#pragma once

#include <vector>

#include "features/chat/chat_service.h"
#include "platform/http/route.h"

namespace bridge {

std::vector<Route> make_chat_routes(ChatService& chat);

}  // namespace bridge
