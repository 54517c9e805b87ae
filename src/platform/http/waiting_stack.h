#pragma once

namespace bridge {

// Gives back the memory of this thread's stack below the caller's frame: what an earlier, deeper call has touched and nobody uses any more.
// For threads that wait for long, of which there are many. Costs a system call, and page faults when the stack grows again.
void release_unused_stack();

}  // namespace bridge
