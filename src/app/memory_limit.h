#pragma once

namespace bridge {

// Holds the process to half of the machine's memory, or of its control group's when that is less. The engine keeps its tables under
// a limit of its own, but a single value may ask for any length: past this limit that request fails and its query with it, and
// neither the server nor the machine runs out of memory.
void limit_memory();

}  // namespace bridge
