#include "warehouse/duckdb/scan_estimate.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace bridge::duckdb {
namespace {

// Two row groups of three columns: day (10 bytes a group), delay (100), origin (1,000), and a footer of 1 byte.
TableLayout flights() {
  return {.table = "flights",
          .columns = {"day", "delay", "origin"},
          .types = {ColumnType::date, ColumnType::integer, ColumnType::text},
          .groups = {{{10, "2001-01-01", "2001-01-31"}, {100, "-5", "50"}, {1'000, "ABQ", "LAX"}},
                     {{10, "2001-02-01", "2001-02-28"}, {100, "10", "500"}, {1'000, "MCO", "SEA"}}},
          .overhead_bytes = 1};
}

std::string scan(std::string_view projections, std::string_view filters, std::string_view table = "") {
  return str(R"([{"name":"PROJECTION","children":[{"name":"READ_PARQUET ","children":[],"extra_info":{"Function":"READ_PARQUET",)",
             table.empty() ? "" : str("\"Table\":\"", table, "\","), "\"Projections\":", projections, ",\"Filters\":", filters,
             "}}],\"extra_info\":{}}]");
}

std::uint64_t bytes(const std::string& plan) {
  const TableLayout table = flights();
  return estimate_scan(plan, {&table}).bytes;
}

TEST(ScanEstimate, CountsTheColumnsThatAreReadInEveryRowGroup) {
  EXPECT_EQ(bytes(scan(R"("delay")", "[]")), 201U);
  EXPECT_EQ(bytes(scan(R"(["delay","origin"])", "[]")), 2'201U);
  EXPECT_EQ(bytes(scan(R"(["DELAY"])", "[]")), 201U);
}

TEST(ScanEstimate, CountsAColumnThatOnlyAFilterReads) { EXPECT_EQ(bytes(scan(R"("delay")", R"("origin!='ATL'")")), 2'201U); }

TEST(ScanEstimate, LeavesOutRowGroupsThatAFilterSkips) {
  EXPECT_EQ(bytes(scan(R"("delay")", R"("day>='2001-02-01'::DATE")")), 111U);
  EXPECT_EQ(bytes(scan(R"("delay")", R"("day>='2001-01-15'::DATE AND day<'2001-01-20'::DATE")")), 111U);
  EXPECT_EQ(bytes(scan(R"("delay")", R"(["day<'2001-01-31'::DATE", "delay>60"])")), 1U);
  EXPECT_EQ(bytes(scan(R"("delay")", R"("delay=5")")), 101U);
  EXPECT_EQ(bytes(scan(R"("origin")", R"("origin='SEA'")")), 1'001U);
}

TEST(ScanEstimate, SkipsNothingOnAFilterThatItDoesNotUnderstand) {
  for (const char* filter :
       {R"("optional: delay>60")", R"("delay>60 OR delay IS NULL")", "\"delay IN (60, 70)\"", R"("delay!=60")", R"("delay>60::SOMETHING")",
        R"("delay IS NOT NULL")", R"("other>60")", R"("delay>'x'")", R"("delay>")", R"(">5")", R"("delay=5 + 7")"}) {
    EXPECT_EQ(bytes(scan(R"("delay")", filter)), 201U) << filter;
  }
}

TEST(ScanEstimate, IsNotMisledByTextThatLooksLikeAFilter) {
  EXPECT_EQ(bytes(scan(R"("origin")", R"("origin>'A AND delay>9000'")")), 2'000U + 200U + 1U);
  EXPECT_EQ(bytes(scan(R"("origin")", R"("origin>='it''s' AND origin<='z'")")), 2'001U - 2'000U) << "'it''s' sorts behind every origin";
}

TEST(ScanEstimate, ComparesADayWithATimeOfThatDayAsUnknown) {
  EXPECT_EQ(bytes(scan(R"("delay")", R"("day>'2001-01-31 10:00:00'::TIMESTAMP")")), 221U);
  EXPECT_EQ(bytes(scan(R"("delay")", R"("day>'2001-02-01 10:00:00'::TIMESTAMP")")), 111U);
}

TEST(ScanEstimate, CountsATableAsOftenAsItIsScanned) {
  const TableLayout table = flights();
  const std::string one = R"({"name":"SEQ_SCAN ","children":[],"extra_info":{"Table":"flights","Projections":"delay"}})";
  EXPECT_EQ(estimate_scan(str("[{\"name\":\"HASH_JOIN\",\"children\":[", one, ",", one, "]}]"), {&table}).bytes, 402U);
}

TEST(ScanEstimate, TakesTheDearestTableThatAnAnonymousScanMayBeOf) {
  const TableLayout cheap = flights();
  TableLayout dear = flights();
  dear.table = "other";
  dear.groups[0][1].bytes = 5'000;
  dear.columns[2] = "carrier";
  EXPECT_EQ(estimate_scan(scan(R"("delay")", "[]"), {&cheap, &dear}).bytes, 5'101U);
  EXPECT_EQ(estimate_scan(scan(R"("origin")", "[]"), {&cheap, &dear}).bytes, 2'001U + 1U)
      << "only one of them has the column; the other costs its footer";
}

TEST(ScanEstimate, IsNeverZeroForATableThatIsNamed) {
  TableLayout table = flights();
  table.overhead_bytes = 0;
  EXPECT_EQ(estimate_scan(R"([{"name":"COLUMN_DATA_SCAN","children":[],"extra_info":{}}])", {&table}).bytes, 1U);
}

TEST(ScanEstimate, CountsEverythingWhenThePlanCannotBeRead) { EXPECT_GE(bytes("no plan"), 2'220U); }

TEST(ScanEstimate, CountsEverythingOfAScanThatNoTableFits) { EXPECT_GE(bytes(scan(R"("unknown")", "[]")), 2'220U); }

}  // namespace
}  // namespace bridge::duckdb
