#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "warehouse/query_result.h"
#include "warehouse/warehouse.h"

struct _duckdb_data_chunk;
struct _duckdb_logical_type;
struct _duckdb_vector;

namespace bridge::duckdb {

// What Bridge calls a DuckDB type. Whole numbers of every width are `integer`; a column of an answer becomes `big_integer` only when one
// of its values needs it (the sum of BIGINTs is a HUGEINT in DuckDB, and nearly always small).
ColumnType column_type_of(_duckdb_logical_type* type);

// Whether the reader can turn values of this type into text or numbers.
bool is_readable_type(_duckdb_logical_type* type);

// Turns DuckDB's vectors into batches of columns, without a call per value.
class ResultReader final {
 public:
  explicit ResultReader(const ExecuteLimits& limits);
  ~ResultReader();

  // Takes the type over.
  Result<> add_column(std::string name, _duckdb_logical_type* type);

  // Copies rows until a limit is reached; then false, and the answer is truncated.
  bool append(_duckdb_data_chunk* chunk);

  // Whether what was copied since the last batch is enough for one.
  bool has_batch() const;
  // All of it; the columns without rows when there was nothing.
  Result<> give(BatchSink& sink);

  Streamed streamed() const { return {.row_count = given_rows_, .truncated = truncated_}; }

 private:
  struct Column;
  ExecuteLimits limits_;
  std::vector<std::unique_ptr<Column>> columns_;
  std::size_t row_count_ = 0;   // of the batch at hand
  std::size_t given_rows_ = 0;  // in batches before it
  std::size_t bytes_ = 0;       // of all batches
  std::size_t batch_bytes_ = 0;
  std::vector<std::size_t> row_bytes_;  // of the chunk at hand
  bool truncated_ = false;
};

}  // namespace bridge::duckdb
