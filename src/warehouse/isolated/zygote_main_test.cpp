#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/driver_list.h"

#if defined(__SANITIZE_THREAD__)
// A zygote has no environment to read this from.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }
#endif

// The workers of isolated warehouses are this program once more.
int main(int argc, char** argv) {
  const auto programs = bridge::make_engine_programs();
  bridge::serve_if_zygote(argc, argv, programs);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
