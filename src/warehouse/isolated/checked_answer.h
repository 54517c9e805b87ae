#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "platform/worker_process/worker_program.h"
#include "warehouse/warehouse.h"

// The rows of an answer on their way from a worker: sent there, believed here as far as they can do no harm. Private to this folder.

namespace bridge::isolated {

// What a worker said that its program never does.
std::unexpected<Error> lied(std::string detail);

// In the worker: each batch is a message, and the end one more.
class ReplySink final : public BatchSink {
 public:
  explicit ReplySink(Reply& reply) : reply_(reply) {}
  Result<> take(QueryResult& batch) override;
  Result<> end(const Streamed& streamed);

 private:
  Reply& reply_;
  std::string message_;  // its memory is used again
};

// In the server: gives the batches on, as long as their form is right, they keep to the limits and all have the same columns. data_loss
// ("batch_invalid") otherwise.
class CheckedAnswer final {
 public:
  CheckedAnswer(const ExecuteLimits& limits, BatchSink& sink);

  Result<> take(std::string_view message);
  // After the last message.
  Result<Streamed> end() const;

 private:
  Result<> check_columns(const QueryResult& batch);

  std::size_t rows_left_;
  std::size_t bytes_left_;
  std::size_t row_count_ = 0;
  bool has_columns_ = false;
  std::vector<std::string> names_;
  std::optional<Streamed> streamed_;
  BatchSink& sink_;
};

}  // namespace bridge::isolated
