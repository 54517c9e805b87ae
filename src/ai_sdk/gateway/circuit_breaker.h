#pragma once

#include <memory>

#include "ai_sdk/core/provider.h"

namespace bridge {

// `caller`, left alone for a while once a model of it has failed several times in a row: unavailable ("circuit_open") at once, with the
// time left. Then one call is let through to see. Failures are those of the service (unreachable, silent, overloaded, broken off in mid
// stream), never those of a request, and never a client that went away. A server that asks to be left alone for longer than anybody would
// wait is.
std::shared_ptr<ModelCaller> with_circuit_breaker(std::shared_ptr<ModelCaller> caller, std::string name);

}  // namespace bridge
