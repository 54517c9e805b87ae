#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bridge::duckdb {

// Connections of one open database, so as many queries of one team run at once; the next one waits.
inline constexpr std::size_t sessions_max = 8;
// Prepared statements that one connection keeps.
inline constexpr std::size_t prepared_statements_max = 32;
// Memory of one open database, which is never more than this part of what the process may take.
inline constexpr std::uint64_t memory_max_bytes = 2ULL << 30;
inline constexpr std::uint64_t data_memory_share = 4;
inline constexpr std::uint64_t data_memory_share_alone = 2;  // where the process is this engine's own
inline constexpr unsigned threads_max = 16;
// The engines without data.
inline constexpr std::uint64_t parser_memory_max = 256ULL << 20;
inline constexpr std::size_t parser_sessions = 4;
inline constexpr std::uint64_t answer_memory_max = 1ULL << 30;
inline constexpr std::uint64_t answer_memory_share = 4;
inline constexpr std::uint64_t parser_memory_share = 8;

// What the guard parses.
inline constexpr std::size_t sql_bytes_max = 64 << 10;
inline constexpr int tree_depth_max = 200;
inline constexpr std::size_t tree_nodes_max = 200'000;
inline constexpr std::size_t parse_tree_bytes_max = 32 << 20;
inline constexpr std::size_t materialized_words_max = 32;  // the parser copies every WITH entry into each materialized one
// Texts and lists that one call makes to a length written in the SQL: the engine cannot be stopped within a call.
inline constexpr double made_length_max = 100'000;

// A folder that is opened as a warehouse.
inline constexpr std::size_t folder_files_max = 1'000;
// Up to this size a CSV or JSON file is read once into memory; a larger one is read anew by every query.
inline constexpr std::uint64_t loaded_file_bytes_max = 64 << 20;
// The beginning of a text file that is looked at to see where the engine mistakes its lines.
inline constexpr std::size_t csv_shape_bytes_max = 16 << 20;
// How long a look at the file's size and time is trusted before the next call looks again.
inline constexpr std::chrono::milliseconds data_version_check_interval{100};

// Remembered guard verdicts and estimates of one open database.
inline constexpr std::size_t analysed_queries_max = 512;
inline constexpr std::size_t analysed_values_max = 64;  // of one query

// Column statistics.
inline constexpr std::int64_t exact_distinct_rows_max = 200'000;  // up to here values are counted, beyond it estimated
inline constexpr std::int64_t whole_table_rows_max = 5'000'000;   // beyond it a sample stands for the table
inline constexpr std::int64_t sampled_rows = 1'000'000;
inline constexpr std::uint64_t statistics_looks = 4;            // at the whole table, at most: summary, repetitions, values, readings
inline constexpr std::size_t statistics_sample_rows = 100'000;  // kept in memory, of a table that may be looked at once
inline constexpr std::int64_t looked_at_rows = 100'000;         // the first rows, to see which text columns repeat their values
inline constexpr std::int64_t repeating_values_max = 5'000;
inline constexpr std::int64_t few_values_max = 100;
inline constexpr std::size_t top_values_max = 20;
inline constexpr std::size_t sample_values_max = 5;
inline constexpr std::size_t statistics_columns_max = 500;
inline constexpr std::size_t shown_value_bytes_max = 200;
inline constexpr std::int64_t date_format_rows = 1'000;  // the first rows, to see what text may be
inline constexpr std::size_t unread_values_max = 3;

}  // namespace bridge::duckdb
