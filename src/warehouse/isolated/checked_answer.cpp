#include "warehouse/isolated/checked_answer.h"

#include <algorithm>

#include "platform/worker_process/limits.h"
#include "warehouse/batch_codec.h"
#include "warehouse/isolated/protocol.h"

namespace bridge::isolated {

namespace {

constexpr char kBatch = 'b';
constexpr char kStreamed = 's';

// A batch takes more bytes on the way than the engine counts for it, but not many times as many.
constexpr std::size_t kWireBytesPerCounted = 2;
// From here on a limit is none.
constexpr std::size_t kUnlimited = std::size_t{1} << 50;

}  // namespace

std::unexpected<Error> lied(std::string detail) {
  return fail(Error{.code = ErrorCode::data_loss,
                    .message = "What the engine answered cannot be read",
                    .detail = std::move(detail),
                    .reason = "batch_invalid"});
}

Result<> ReplySink::take(QueryResult& batch) {
  message_.assign(1, kBatch);
  append_batch(message_, batch);
  return reply_.send(message_);
}

Result<> ReplySink::end(const Streamed& streamed) {
  message_.assign(1, kStreamed);
  append_wire(message_, streamed);
  return reply_.send(message_);
}

CheckedAnswer::CheckedAnswer(const ExecuteLimits& limits, BatchSink& sink)
    : rows_left_(limits.rows_max),
      bytes_left_(limits.result_bytes_max > kUnlimited ? limits.result_bytes_max
                                                       : limits.result_bytes_max * kWireBytesPerCounted + frame_bytes_max),
      sink_(sink) {}

Result<> CheckedAnswer::take(std::string_view message) {
  if (streamed_ || message.empty()) return lied("a message after the last, or an empty one");
  const std::string_view body = message.substr(1);
  if (message.front() == kStreamed) {
    streamed_ = TRY(from_wire<Streamed>(body));
    if (streamed_->row_count != row_count_ || !has_columns_) return lied("not the number of rows that came");
    return {};
  }
  if (message.front() != kBatch) return lied("neither a batch nor the end");
  if (body.size() > bytes_left_) return lied("more bytes than were asked for");
  bytes_left_ -= body.size();
  QueryResult batch = TRY(read_batch(body));
  if (batch.row_count > rows_left_) return lied("more rows than were asked for");
  rows_left_ -= batch.row_count;
  row_count_ += batch.row_count;
  TRY(check_columns(batch));
  return sink_.take(batch);
}

Result<Streamed> CheckedAnswer::end() const {
  if (!streamed_) return lied("an answer without its end");
  return *streamed_;
}

// Who joins batches goes by the first one's columns.
Result<> CheckedAnswer::check_columns(const QueryResult& batch) {
  if (!has_columns_) {
    has_columns_ = true;
    for (const ResultColumn& column : batch.columns) names_.push_back(column.name);
    return {};
  }
  if (std::ranges::equal(names_, batch.columns, {}, {}, &ResultColumn::name)) return {};
  return lied("other columns than before");
}

}  // namespace bridge::isolated
