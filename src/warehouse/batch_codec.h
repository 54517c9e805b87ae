#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/query_result.h"

// Batches of rows as bytes, on their way from an engine in a process of its own to the server. Both are the same program on the same
// machine: there are no versions, and numbers lie as they do in memory.

namespace bridge {

void append_batch(std::string& out, const QueryResult& batch);

// Believes nothing: data_loss ("batch_invalid") when the bytes are not exactly one batch, whose columns each hold a value or a null for
// every row. Takes no more memory than a small multiple of the bytes. What texts hold is not looked at.
Result<QueryResult> read_batch(std::string_view bytes);

}  // namespace bridge
