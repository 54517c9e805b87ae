#include "features/dashboard_serving/query_export.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

class TextBody final : public BodySink {
 public:
  Result<> write(std::string_view bytes) override {
    text += bytes;
    return {};
  }
  std::string text;
};

QueryResult batch_of(ColumnType type, std::vector<std::int64_t> integers, std::vector<std::string> texts) {
  QueryResult batch{.row_count = integers.size() + texts.size()};
  batch.columns.push_back({.name = "n",
                           .type = type,
                           .valid = std::vector<bool>(batch.row_count, true),
                           .integers = std::move(integers),
                           .texts = std::move(texts)});
  return batch;
}

json::value exported(std::vector<QueryResult> batches) {
  const QueryExport whole{.stream = [&](const CallContext&, BatchSink& sink) -> Result<Streamed> {
    Streamed streamed;
    for (QueryResult& batch : batches) {
      streamed.row_count += batch.row_count;
      TRY(sink.take(batch));
    }
    return streamed;
  }};
  TextBody body;
  EXPECT_TRUE(write_export(whole, ExportFormat::json, {}, body));
  return json::parse(body.text);
}

TEST(QueryExport, TellsTheTypeThatHoldsTheValuesOfAllBatches) {
  const auto type_of = [](const json::value& answer) { return answer.at("data").at("columns").at(0).at("type").as_string(); };
  EXPECT_EQ(type_of(exported({batch_of(ColumnType::integer, {1, 2}, {}), batch_of(ColumnType::integer, {3}, {})})), "integer");
  EXPECT_EQ(type_of(exported({batch_of(ColumnType::integer, {1}, {}), batch_of(ColumnType::big_integer, {}, {"9007199254740993"})})),
            "big_integer");
  EXPECT_EQ(type_of(exported({batch_of(ColumnType::integer, {1}, {}), batch_of(ColumnType::text, {}, {"one"})})), "text");
  const json::value mixed = exported({batch_of(ColumnType::text, {}, {"one"}), batch_of(ColumnType::integer, {1}, {})});
  EXPECT_EQ(type_of(mixed), "text");
  EXPECT_EQ(mixed.at("metadata").at("row_count").as_int64(), 2);
}

}  // namespace
}  // namespace bridge
