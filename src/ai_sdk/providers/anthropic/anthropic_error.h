#pragma once

#include "ai_sdk/providers/shared/server_error.h"

namespace bridge {

// The error of an answer with this status: {"type":"error","error":{"type","message"}}, or anything else that a proxy may send.
Error read_anthropic_error(int status, const Headers& headers, std::string_view body, Time now);

// The error of an `error` event of a stream whose status was 200: as if the status had been the one of that kind.
Error anthropic_event_error(const json::object& event);

}  // namespace bridge
