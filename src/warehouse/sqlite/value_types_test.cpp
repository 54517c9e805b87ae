#include "warehouse/sqlite/value_types.h"

#include <gtest/gtest.h>

namespace bridge::sqlite {
namespace {

TEST(DeclaredType, ReadsTheWordsThatPeopleUse) {
  EXPECT_EQ(declared_type_of("BIGINT UNSIGNED").type, ColumnType::integer);
  EXPECT_EQ(declared_type_of("varchar(20)").type, ColumnType::text);
  EXPECT_EQ(declared_type_of("DOUBLE PRECISION").type, ColumnType::number);
  EXPECT_EQ(declared_type_of("decimal(18, 2)").type, ColumnType::decimal);
  EXPECT_EQ(declared_type_of("decimal(18, 2)").scale, 2);
  EXPECT_EQ(declared_type_of("NUMERIC(10,0)").type, ColumnType::integer);
  EXPECT_EQ(declared_type_of("NUMERIC").type, std::nullopt);
  EXPECT_EQ(declared_type_of("").type, std::nullopt);
  EXPECT_EQ(declared_type_of("datetime").type, ColumnType::timestamp);
  EXPECT_EQ(declared_type_of("timestamp with time zone").type, ColumnType::timestamp);
  EXPECT_EQ(declared_type_of("Date").type, ColumnType::date);
  EXPECT_EQ(declared_type_of("BOOLEAN").type, ColumnType::boolean);
  EXPECT_EQ(declared_type_of("JSONB").type, ColumnType::json);
}

TEST(TypeFor, WidensUntilEveryValueFits) {
  const auto seen_of = [](std::vector<std::int64_t> integers, std::vector<double> reals, std::vector<std::string> texts) {
    SeenValues seen;
    for (const auto value : integers) seen.add_integer(value);
    for (const auto value : reals) seen.add_real(value);
    for (const auto& value : texts) seen.add_text(value);
    return seen;
  };
  constexpr std::int64_t large = (std::int64_t{1} << 53) + 1;
  EXPECT_EQ(type_for(ColumnType::integer, seen_of({1, 2}, {}, {})), ColumnType::integer);
  EXPECT_EQ(type_for(ColumnType::integer, seen_of({1, large}, {}, {})), ColumnType::big_integer);
  EXPECT_EQ(type_for(ColumnType::integer, seen_of({1}, {0.5}, {})), ColumnType::number);
  EXPECT_EQ(type_for(ColumnType::integer, seen_of({large}, {0.5}, {})), ColumnType::decimal);
  EXPECT_EQ(type_for(ColumnType::integer, seen_of({1}, {}, {"n/a"})), ColumnType::text);
  EXPECT_EQ(type_for(ColumnType::boolean, seen_of({0, 1}, {}, {})), ColumnType::boolean);
  EXPECT_EQ(type_for(ColumnType::boolean, seen_of({0, 2}, {}, {})), ColumnType::integer);
  EXPECT_EQ(type_for(ColumnType::date, seen_of({}, {}, {"2024-02-29"})), ColumnType::date);
  EXPECT_EQ(type_for(ColumnType::date, seen_of({}, {}, {"2024-02-30"})), ColumnType::text);
  EXPECT_EQ(type_for(ColumnType::timestamp, seen_of({}, {}, {"2024-02-29", "2024-02-29 10:00"})), ColumnType::timestamp);
  EXPECT_EQ(type_for(ColumnType::timestamp, seen_of({1'700'000'000}, {}, {})), ColumnType::integer);
  EXPECT_EQ(type_for(std::nullopt, seen_of({}, {}, {"2024-02-29T10:00:00Z"})), ColumnType::timestamp);
  EXPECT_EQ(type_for(ColumnType::text, seen_of({}, {}, {"2024-02-29"})), ColumnType::text);
  EXPECT_EQ(type_for(ColumnType::json, seen_of({}, {}, {"{}", "[1]"})), ColumnType::json);
  EXPECT_EQ(type_for(ColumnType::decimal, {}), ColumnType::decimal);
  EXPECT_EQ(type_for(std::nullopt, {}), ColumnType::text);
}

TEST(TimestampOf, GivesTheSameMomentInUtc) {
  EXPECT_EQ(timestamp_of("2024-01-01"), "2024-01-01T00:00:00Z");
  EXPECT_EQ(timestamp_of("2024-01-01 12:30"), "2024-01-01T12:30:00Z");
  EXPECT_EQ(timestamp_of("2024-01-01 12:30:15.000"), "2024-01-01T12:30:15Z");
  EXPECT_EQ(timestamp_of("2024-01-01T12:30:15.25Z"), "2024-01-01T12:30:15.25Z");
  EXPECT_EQ(timestamp_of("2024-01-01 00:30:00+01:00"), "2023-12-31T23:30:00Z");
  for (const char* text : {"", "2024", "2024-13-01", "2024-01-01 25:00", "2024-01-01 12:30:61", "2024-01-01 12:30:00.1234567",
                           "2024-01-01x", "2024-01-01 12:30 PM", "2024-01-01 1:30"})
    EXPECT_EQ(timestamp_of(text), std::nullopt) << text;
}

}  // namespace
}  // namespace bridge::sqlite
