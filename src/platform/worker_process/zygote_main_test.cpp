#include <gtest/gtest.h>

#include <array>

#include "platform/worker_process/testing/attacks.h"
#include "platform/worker_process/worker_program.h"

#if defined(__SANITIZE_THREAD__)
// A zygote has no environment to read this from.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }
#endif

// The workers of these tests are this program once more.
int main(int argc, char** argv) {
  const std::array programs{
      bridge::make_attack_program(),
      bridge::WorkerProgram{.name = "unprepared",
                            .prepare = [] { return bridge::Result<>(bridge::fail(bridge::ErrorCode::unavailable, "no library")); },
                            .start = {}}};
  bridge::serve_if_zygote(argc, argv, programs);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
