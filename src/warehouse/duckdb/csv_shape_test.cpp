#include "warehouse/duckdb/csv_shape.h"

#include <gtest/gtest.h>

namespace bridge::duckdb {
namespace {

TEST(CsvShape, FindsTheDelimiterTheHeaderAndTheFirstLineThatIsTooLong) {
  const auto sales =
      shape_of("region,product,amount\nNorth,Lamp,10\nSouth,Table, oak,200\nNorth,\"Chair, red\",30\nSouth,Lamp,40\nNorth,Bed,1\n");
  ASSERT_TRUE(sales);
  EXPECT_EQ(sales->delimiter, ',');
  EXPECT_EQ(sales->columns, 3U);
  EXPECT_EQ(sales->header_line, 1U);
  EXPECT_EQ(sales->odd_line, 3U);
  EXPECT_EQ(sales->odd_values, 4U);
  EXPECT_EQ(sales->samples[1][1], "Chair, red");
}

TEST(CsvShape, SkipsWhatStandsBeforeTheTable) {
  const auto world = shape_of(
      "\"Data "
      "Source\",\"World\",\r\n\r\n\"Updated\",\"2024\",\r\n\r\n\"Country\",\"Code\",\"2000\",\"2001\",\r\n\"A\",\"AA\",\"1\",\"2\",\r\n"
      "\"B, C\",\"BB\",\"1\",\"2\",\r\n\"D\nE\",\"DD\",\"1\",\"2\",\r\n");
  ASSERT_TRUE(world);
  EXPECT_EQ(world->columns, 5U);
  EXPECT_EQ(world->header_line, 5U);
  EXPECT_FALSE(world->odd_line);
  const auto statement = shape_of(
      "\xEF\xBB\xBF"
      "Account history\nPeriod: 2024\nAccount;Kind;Amount\n1;a;2,5\n2;b;3,5\n3;c;1,0\n");
  ASSERT_TRUE(statement);
  EXPECT_EQ(statement->delimiter, ';');
  EXPECT_EQ(statement->header_line, 3U);
}

TEST(CsvShape, IsNotThereWhenLinesHaveNothingInCommon) {
  EXPECT_FALSE(shape_of("Dear reader,\nthis is a letter, with commas, and no table.\nYours\n"));
  EXPECT_FALSE(shape_of("name\nAda\nGrace\n"));
  EXPECT_FALSE(shape_of(""));
}

TEST(CsvShape, TellsTheEncodingOrHowToGetAKnownOne) {
  EXPECT_EQ(*encoding_of("a,b\nÜ,1\n"), "utf-8");
  EXPECT_EQ(*encoding_of("a,b\nH\xe9rault,1\n"), "latin-1");
  EXPECT_EQ(*encoding_of(std::string_view("\xff\xfe"
                                          "a\0,\0",
                                          6)),
            "utf-16");
  for (const std::string_view other : {std::string_view("\xfe\xff\0a", 4), std::string_view("a,b\n\x80 5,1\n")}) {
    const auto refused = encoding_of(other);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.contains("save it as UTF-8")) << refused.error().message;
  }
}

TEST(CsvShape, SeesDatesWithTwoDigitsOfAYear) {
  EXPECT_EQ(short_date_formats({"13/07/20", "1/2/20"}), (std::vector<std::string>{"%m/%d/%y", "%d/%m/%y", "%y/%m/%d"}));
  EXPECT_EQ(short_date_formats({"13.07.20"}).front(), "%d.%m.%y");
  for (const std::string value : {"2020/07/13", "13/07/2020", "13/07", "a/b/20", "13/07-20", ""})
    EXPECT_TRUE(short_date_formats({value}).empty()) << value;
  EXPECT_TRUE(short_date_formats({}).empty());
}

}  // namespace
}  // namespace bridge::duckdb
