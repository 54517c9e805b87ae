#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "features/dashboard_generation/generation_ports.h"

namespace bridge {

// What a model should know of a connection before it asks, to be put behind a person's words: its name, the day, the cap, some of its
// tables. Little enough to read at a glance. Begins with kContextMark.
std::string make_connection_context(const GenerationConnection& connection, const std::vector<TableInfo>& tables, std::uint64_t cap_bytes,
                                    Time now);

// The same of a connection of the caller's team.
Result<std::string> describe_connection(const CallContext& context, CatalogReader& catalog, const ConnectionId& connection,
                                        std::uint64_t cap_bytes, Time now);

}  // namespace bridge
