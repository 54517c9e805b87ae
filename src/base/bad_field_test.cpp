#include "base/bad_field.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

TEST(BadField, SaysWhatIsWrongInTheWordsOfItsViolationUnlessThereAreOthers) {
  const Error error = bad_field({.path = "message", .code = "blank", .message = "Say something"}).error();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(error.message, "Say something");
  ASSERT_EQ(error.violations.size(), 1u);
  EXPECT_EQ(error.violations.front().path, "message");
  EXPECT_EQ(reason_of(error), "invalid_argument");

  const Error other =
      bad_field({.path = "sort", .message = "is no column"}, {.message = "There is no column 'x'", .reason = "no_column"}).error();
  EXPECT_EQ(other.message, "There is no column 'x'");
  EXPECT_EQ(other.violations.front().message, "is no column");
  EXPECT_EQ(reason_of(other), "no_column");
}

TEST(BadValue, GoesOnFromTheNameOfTheField) {
  const Error error = bad_value({.path = "limit", .code = "out_of_range", .message = "must be from 1 to 9"}).error();
  EXPECT_EQ(error.message, "limit must be from 1 to 9");
  EXPECT_EQ(error.violations.front().message, "must be from 1 to 9");
}

}  // namespace
}  // namespace bridge
