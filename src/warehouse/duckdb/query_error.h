#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bridge::duckdb {

// What a person is told of an error of DuckDB: one sentence, the place in `sql` and the names that may have been meant. Never a path of
// this machine. `raw` is DuckDB's text, as JSON (errors_as_json) or plain.
Error translate_query_error(std::string_view raw, std::string_view sql);

Error not_a_select();
Error wrong_parameter_count(std::size_t wanted, std::size_t given);

}  // namespace bridge::duckdb
