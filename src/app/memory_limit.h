#pragma once

namespace bridge {

// Holds the process to half of the machine's memory, or of its control group's when that is less, unless it was started under a smaller
// limit. The engine keeps its tables, and Bridge its answers, under limits of their own that are shares of this one; but a single value may
// ask for any length: past this limit that request fails and its query with it, and neither the server nor the machine runs out of memory.
// Also has threads take no more for their stacks than they need, and freed memory go back to the system. Before the first thread.
void limit_memory();

// Gives the system back what is free within this process, when it is much: parts of large answers leave holes that no allocation fills.
void give_free_memory_back();

}  // namespace bridge
