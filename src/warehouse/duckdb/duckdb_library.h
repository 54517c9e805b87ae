#pragma once

#include <duckdb.h>

#include "base/result.h"

// DuckDB's C API as Bridge calls it. The library is loaded when the first engine opens: linked with the program, it would be loaded at
// every start, and its thread-local storage (11 KiB) would be laid out in every thread, of which streams have one each.

// clang-format off
#define BRIDGE_DUCKDB_FUNCTIONS(X) \
  X(append_bool) X(append_date) X(append_double) X(append_int64) X(append_null) X(append_timestamp) X(append_varchar_length) \
  X(appender_close) X(appender_create_ext) X(appender_destroy) X(appender_end_row) X(appender_error) X(array_type_array_size) \
  X(array_type_child_type) X(array_vector_get_child) X(bind_boolean) X(bind_date) X(bind_decimal) X(bind_double) X(bind_hugeint) X(bind_int64) X(bind_null) \
  X(bind_timestamp) X(bind_varchar_length) X(close) X(column_count) X(column_logical_type) X(column_name) X(connect) X(create_config) \
  X(data_chunk_get_size) X(data_chunk_get_vector) X(decimal_internal_type) X(decimal_scale) X(destroy_config) X(destroy_data_chunk) \
  X(destroy_logical_type) X(destroy_pending) X(destroy_prepare) X(destroy_result) X(disconnect) X(enum_dictionary_size) \
  X(enum_dictionary_value) X(enum_internal_type) X(execute_pending) X(fetch_chunk) X(free) X(from_time_tz) X(get_type_id) X(interrupt) \
  X(is_finite_date) X(is_finite_timestamp) X(is_finite_timestamp_ms) X(is_finite_timestamp_ns) X(is_finite_timestamp_s) \
  X(list_type_child_type) X(list_vector_get_child) X(logical_type_get_alias) X(map_type_key_type) X(map_type_value_type) X(nparams) \
  X(open) X(open_ext) X(pending_error) X(pending_prepared_streaming) X(prepare) X(prepare_error) X(prepared_statement_column_count) \
  X(prepared_statement_column_logical_type) X(prepared_statement_column_name) X(prepared_statement_type) X(query) X(result_error) \
  X(set_config) X(string_is_inlined) X(struct_type_child_count) X(struct_type_child_name) X(struct_type_child_type) \
  X(struct_vector_get_child) X(validity_row_is_valid) X(vector_get_data) X(vector_get_validity)
// clang-format on

namespace bridge::duckdb {

// Finds the library and its functions; the first call does the work. unavailable when it is not there or of another version. Thread-safe.
Result<> load_duckdb_library();

// duckdb_prepare is capi::prepare. Null until the library is loaded.
namespace capi {
#define BRIDGE_DUCKDB_POINTER(name) inline decltype(&::duckdb_##name) name = nullptr;
BRIDGE_DUCKDB_FUNCTIONS(BRIDGE_DUCKDB_POINTER)
#undef BRIDGE_DUCKDB_POINTER
}  // namespace capi

}  // namespace bridge::duckdb
