#pragma once

#include "platform/worker_process/worker_program.h"

namespace bridge {

// A worker that misbehaves, for tests of the walls. A request is a word and its arguments, with blanks between:
//   echo TEXT · pid · fail · throw · parts COUNT BYTES · wait MS (obeys its stop) · spin [TEXT] (says that, and then obeys nothing) ·
//   crash [AFTER_MS] · no_memory · killed · lie length|kind|error|half|flood (frames that no worker sends)
// and what tries to get out, which is answered with "ok" or the name of the errno; "thread" before it tries on a thread of its own:
//   read FILE · list FOLDER · write FILE · write_mib AT:FILE · remove FILE · socket · connect PORT · exec FILE · fork · trace PID ·
//   signal PID · allocate MIB · share MIB · file_in_memory · execute · pass · unlimit · ring
// and what is answered with a number: descriptors, environment (how many there are), dumpable, privileges.
// Does not start with the argument "refuse".
WorkerProgram make_attack_program();

}  // namespace bridge
