#include "features/dashboard_serving/query_export.h"

#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

// Text on its way to the client, in pieces that are worth a write.
class PieceWriter {
 public:
  explicit PieceWriter(BodySink& body) : body_(body) {}
  std::string& text() { return text_; }
  Result<> write_if_enough() { return text_.size() < kPieceBytes ? Result<>() : write(); }
  Result<> write() {
    TRY(body_.write(text_));
    text_.clear();
    return {};
  }

 private:
  BodySink& body_;
  std::string text_;
};

class CsvSink final : public BatchSink {
 public:
  explicit CsvSink(PieceWriter& out) : out_(out) {}
  Result<> take(QueryResult& batch) override {
    if (!std::exchange(has_header_, true)) append_csv_header(out_.text(), batch);
    append_csv_rows(out_.text(), batch);
    return out_.write_if_enough();
  }

 private:
  PieceWriter& out_;
  bool has_header_ = false;
};

class JsonSink final : public BatchSink {
 public:
  explicit JsonSink(PieceWriter& out) : out_(out) {}
  Result<> take(QueryResult& batch) override {
    if (!std::exchange(has_begun_, true)) {
      out_.text() += R"({"data":{"rows":[)";
      columns_ = columns_of(batch);
    }
    append_json_rows(out_.text(), batch, row_count_ > 0);
    row_count_ += batch.row_count;
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].type = wider_type(columns_[i].type, batch.columns[i].type);
    return out_.write_if_enough();
  }
  const std::vector<ColumnName>& columns() const { return columns_; }

 private:
  PieceWriter& out_;
  std::vector<ColumnName> columns_;
  std::size_t row_count_ = 0;
  bool has_begun_ = false;
};

}  // namespace

Result<> write_export(const QueryExport& answer, ExportFormat format, const CallContext& context, BodySink& body) {
  PieceWriter out(body);
  if (format == ExportFormat::csv) {
    CsvSink sink(out);
    TRY(answer.stream(context, sink));
    return out.write();
  }
  JsonSink sink(out);
  const Streamed streamed = TRY(answer.stream(context, sink));
  out.text() += R"(],"columns":)";
  append_json_columns(out.text(), sink.columns());
  out.text() += str(R"(},"metadata":{"row_count":)", streamed.row_count, R"(,"truncated":)", streamed.truncated ? "true" : "false",
                    R"(,"bytes_scanned":)", answer.bytes_scanned, R"(,"cost_usd":)", answer.cost_usd, R"(,"executed_at":")",
                    format_time(answer.executed_at), R"(","version":)", answer.version, "}}");
  return out.write();
}

}  // namespace bridge
