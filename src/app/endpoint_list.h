#pragma once

#include <vector>

#include "platform/http/route.h"

namespace bridge {

struct Services;

// Every endpoint group of the server; a new one is one line in endpoint_list.cpp.
std::vector<Route> make_routes(Services& services);

}  // namespace bridge
