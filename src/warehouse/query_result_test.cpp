#include "warehouse/query_result.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bridge {
namespace {

ResultColumn texts(std::string name, ColumnType type, std::vector<std::string> values) {
  ResultColumn column{.name = std::move(name), .type = type};
  column.valid.assign(values.size(), true);
  column.texts = std::move(values);
  return column;
}

ResultColumn integers(std::string name, std::vector<std::int64_t> values, ColumnType type = ColumnType::integer) {
  ResultColumn column{.name = std::move(name), .type = type};
  column.valid.assign(values.size(), true);
  column.integers = std::move(values);
  return column;
}

ResultColumn numbers(std::string name, std::vector<double> values) {
  ResultColumn column{.name = std::move(name), .type = ColumnType::number};
  column.valid.assign(values.size(), true);
  column.numbers = std::move(values);
  return column;
}

TEST(QueryResult, BatchesJoinAsTheirValuesNeed) {
  const auto integers = [](std::vector<std::int64_t> values) {
    QueryResult batch{.row_count = values.size()};
    batch.columns.push_back(
        {.name = "n", .type = ColumnType::integer, .valid = std::vector<bool>(values.size(), true), .integers = values});
    return batch;
  };
  BatchCollector collector;
  QueryResult first = integers({1, 2});
  QueryResult wide{.row_count = 1};
  wide.columns.push_back({.name = "n", .type = ColumnType::big_integer, .valid = {true}, .texts = {"9007199254740993"}});
  QueryResult last = integers({3});
  ASSERT_TRUE(collector.take(first) && collector.take(wide) && collector.take(last));
  EXPECT_EQ(encode_rows(collector.result),
            R"({"columns":[{"name":"n","type":"big_integer"}],"rows":[["1"],["2"],["9007199254740993"],["3"]]})");
}

TEST(EncodeRows, WritesColumnsAndRowsCompactly) {
  QueryResult result{
      .columns = {texts("day", ColumnType::date, {"2001-01-31"}), integers("flights", {7}), numbers("delay", {0.1}),
                  integers("late", {1}, ColumnType::boolean), texts("money", ColumnType::decimal, {"12345678901234567890.10"})},
      .row_count = 1};
  EXPECT_EQ(
      encode_rows(result),
      R"({"columns":[{"name":"day","type":"date"},{"name":"flights","type":"integer"},{"name":"delay","type":"number"},{"name":"late","type":"boolean"},{"name":"money","type":"decimal"}],"rows":[["2001-01-31",7,0.1,true,"12345678901234567890.10"]]})");
}

TEST(EncodeRows, WritesNullsNanAndInfinityAsNull) {
  QueryResult result{.columns = {integers("a", {1, 2}), numbers("b", {std::nan(""), INFINITY})}, .row_count = 2};
  result.columns[0].valid[1] = false;
  EXPECT_TRUE(encode_rows(result).ends_with(R"("rows":[[1,null],[null,null]]})"));
}

TEST(EncodeRows, KeepsWholeNumbersAndFractionsExact) {
  QueryResult result{.columns = {integers("a", {9007199254740992}), numbers("b", {1e300}), numbers("c", {0.30000000000000004})},
                     .row_count = 1};
  EXPECT_TRUE(encode_rows(result).ends_with("[[9007199254740992,1e+300,0.30000000000000004]]}"));
}

TEST(EncodeRows, IsAlwaysValidJsonInValidUtf8) {
  const std::string wild("quote\" back\\ line\n tab\t nul\0 del\x7f \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80 \xff \xC0\xAF \xED\xA0\x80 \xC3",
                         56);
  QueryResult result{.columns = {texts(wild, ColumnType::text, {wild})}, .row_count = 1};
  const std::string encoded = encode_rows(result);
  ASSERT_TRUE(is_valid_utf8(encoded));
  const auto parsed = parse_json(encoded);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const std::string cell(parsed->as_object().at("rows").as_array()[0].as_array()[0].as_string());
  EXPECT_TRUE(cell.starts_with("quote\" back\\ line\n tab\t nul"));
  EXPECT_NE(cell.find("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80 \xEF\xBF\xBD"), std::string::npos);
}

TEST(EncodeRows, WritesAnEmptyAnswer) { EXPECT_EQ(encode_rows({}), R"({"columns":[],"rows":[]})"); }

std::string csv_of(const QueryResult& result) {
  std::string out;
  append_csv_header(out, result);
  append_csv_rows(out, result);
  return out;
}

TEST(EncodeCsv, QuotesWhatNeedsItAndTellsNullFromEmptyText) {
  QueryResult result{.columns = {texts("a,b", ColumnType::text, {"x \"y\"", "", "line\nbreak", "gone"}), integers("n", {-5, 6, 7, 8})},
                     .row_count = 4};
  result.columns[0].valid[3] = false;
  EXPECT_EQ(csv_of(result), "\"a,b\",n\r\n\"x \"\"y\"\"\",-5\r\n\"\",6\r\n\"line\nbreak\",7\r\n,8\r\n");
}

TEST(EncodeCsv, DisarmsCellsThatASpreadsheetWouldRun) {
  QueryResult result{.columns = {texts("=cmd", ColumnType::text, {"=1+1", "+49 30", "@x", "-5", "+3.5e2", "-inf", "\tx", "plain"})},
                     .row_count = 8};
  // In full width, behind what is not seen, and a number behind a space.
  const QueryResult hidden{
      .columns = {texts("x", ColumnType::text, {"\uff1d1+1", " =1+1", "\u200b@x", "\ufeff\t-x", "\n+x", "\u2212x", " 5", "a=b"})},
      .row_count = 8};
  EXPECT_EQ(csv_of(hidden), "x\r\n'\uff1d1+1\r\n' =1+1\r\n'\u200b@x\r\n'\ufeff\t-x\r\n\"'\n+x\"\r\n'\u2212x\r\n 5\r\na=b\r\n");
  EXPECT_EQ(csv_of(result), "'=cmd\r\n'=1+1\r\n'+49 30\r\n'@x\r\n-5\r\n+3.5e2\r\n'-inf\r\n'\tx\r\nplain\r\n");
}

TEST(WiderType, HoldsTheValuesOfBothWithoutRounding) {
  EXPECT_EQ(wider_type(ColumnType::integer, ColumnType::integer), ColumnType::integer);
  EXPECT_EQ(wider_type(ColumnType::integer, ColumnType::big_integer), ColumnType::big_integer);
  EXPECT_EQ(wider_type(ColumnType::boolean, ColumnType::integer), ColumnType::integer);
  EXPECT_EQ(wider_type(ColumnType::number, ColumnType::integer), ColumnType::number);
  EXPECT_EQ(wider_type(ColumnType::number, ColumnType::big_integer), ColumnType::decimal);
  EXPECT_EQ(wider_type(ColumnType::date, ColumnType::timestamp), ColumnType::timestamp);
  EXPECT_EQ(wider_type(ColumnType::date, ColumnType::integer), ColumnType::text);
}

TEST(BatchCollector, JoinsBatchesWhoseColumnsHaveOtherTypes) {
  const auto joined = [](ResultColumn first, ResultColumn second) {
    BatchCollector collector;
    for (ResultColumn* column : {&first, &second}) {
      const std::size_t rows = column->valid.size();
      QueryResult batch{.columns = {std::move(*column)}, .row_count = rows};
      EXPECT_TRUE(collector.take(batch));
    }
    const std::string text = encode_rows(collector.result);
    return text.substr(text.find("\"type\""));
  };
  const ResultColumn halves{.name = "n", .type = ColumnType::number, .valid = {true}, .numbers = {0.5}};
  const ResultColumn nothing{.name = "n", .type = ColumnType::text, .valid = {false}, .texts = {""}};
  EXPECT_EQ(joined(integers("n", {1, 2}), halves), R"("type":"number"}],"rows":[[1],[2],[0.5]]})");
  EXPECT_EQ(joined(texts("n", ColumnType::big_integer, {"9007199254740993"}), halves),
            R"("type":"decimal"}],"rows":[["9007199254740993"],["0.5"]]})");
  EXPECT_EQ(joined(integers("n", {1}), texts("n", ColumnType::text, {"x"})), R"("type":"text"}],"rows":[["1"],["x"]]})");
  EXPECT_EQ(joined(texts("n", ColumnType::date, {"2024-01-02"}), texts("n", ColumnType::timestamp, {"2024-01-02T03:00:00Z"})),
            R"("type":"timestamp"}],"rows":[["2024-01-02T00:00:00Z"],["2024-01-02T03:00:00Z"]]})");
  EXPECT_EQ(joined(nothing, integers("n", {1})), R"("type":"integer"}],"rows":[[null],[1]]})");
  EXPECT_EQ(joined(halves, nothing), R"("type":"number"}],"rows":[[0.5],[null]]})");
}

}  // namespace
}  // namespace bridge
