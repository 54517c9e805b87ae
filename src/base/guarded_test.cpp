#include "base/guarded.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/log.h"
#include "base/testing/failing_allocations.h"

namespace bridge {
namespace {

TEST(Guarded, PassesOnWhatIsReturned) {
  EXPECT_EQ(guarded([] { return 7; }).value(), 7);
  EXPECT_EQ(guarded([]() -> Result<int> { return 7; }).value(), 7);
  EXPECT_EQ(guarded([]() -> Result<int> { return fail(ErrorCode::not_found, "no"); }).error().code, ErrorCode::not_found);
  EXPECT_TRUE(guarded([] {}).has_value());
}

TEST(Guarded, TurnsWhateverIsThrownIntoAnError) {
  const Error memory = guarded([] { throw std::bad_alloc(); }).error();
  EXPECT_EQ(memory.code, ErrorCode::unavailable);
  EXPECT_EQ(memory.reason, "out_of_memory");
  EXPECT_TRUE(memory.retry_after.has_value());
  const auto no_thread = std::make_error_code(std::errc::resource_unavailable_try_again);
  EXPECT_EQ(guarded([&] { throw std::system_error(no_thread); }).error().reason, "out_of_memory");
  const Error defect = guarded([]() -> int { throw std::runtime_error("secret"); }).error();
  EXPECT_EQ(defect.code, ErrorCode::internal);
  EXPECT_EQ(defect.detail, "secret");
  EXPECT_EQ(defect.message.find("secret"), std::string::npos);
  EXPECT_EQ(guarded([] { throw 7; }).error().code, ErrorCode::internal);
}

TEST(Guarded, SaysThatThereIsNoMemoryWithoutAnyMemory) {
  const FailingAllocations failing(1, true);
  const auto outcome = guarded([] { return std::string(1'000, 'x'); });
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(outcome.error().reason == "out_of_memory");
}

TEST(Guarded, AThreadGoesOnAfterARoundThatThrew) {
  int rounds = 0;
  run_rounds({}, "test", [&] {
    if (++rounds == 1) throw std::bad_alloc();
    return rounds < 3;
  });
  EXPECT_EQ(rounds, 3);
}

TEST(Guarded, AThreadThatIsToldToStopDoesNotTryAgain) {
  std::stop_source stop;
  int rounds = 0;
  run_rounds(stop.get_token(), "test", [&]() -> bool {
    ++rounds;
    stop.request_stop();
    throw std::bad_alloc();
  });
  EXPECT_EQ(rounds, 1);
}

TEST(Log, LosesALineRatherThanThrowing) {
  log_warning("first", {});  // makes what is made once
  const LogField field{.name = "x", .value = "y"};
  const FailingAllocations failing(1, true);
  log_warning("lost", {field});
  EXPECT_TRUE(failing.has_failed());
}

}  // namespace
}  // namespace bridge
