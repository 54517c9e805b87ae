#pragma once

#include "ai_sdk/providers/shared/server_error.h"

namespace bridge {

// The error of an answer with this status: {"error":{"message","type","param","code"}} and what compatible servers make of it.
Error read_openai_error(int status, const Headers& headers, std::string_view body, Time now);

// The error that came as an event of a stream whose status was 200: as if the status had been the one of its kind.
Error openai_event_error(const json::object& event);

}  // namespace bridge
