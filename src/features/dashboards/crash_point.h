#pragma once

#include <string_view>

namespace bridge {

// Names an instant between two writes of a save. Does nothing, but in programs that link `bridge_crash_points`: there the process dies as
// under `kill -9` when BRIDGE_CRASH_AT names this point, so that a test can stop a save anywhere. Those are the unit tests and
// `bridge_with_crash_points`, which is the objects of `bridge` linked once more; what people run has no such switch.
void crash_point(std::string_view name);

}  // namespace bridge
