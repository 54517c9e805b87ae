#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge::sqlite {

// Connections to one open file, so as many queries of one team run at once; the next one waits.
inline constexpr std::size_t connections_max = 8;
// What SQLite keeps of a file's pages, per connection; the system keeps more. Also how much it sorts at once, and it cannot be stopped
// while it does: 1 MiB takes a few milliseconds.
inline constexpr int page_cache_kib = 1 << 10;
// What all of SQLite in this process may hold while a query runs; beyond it the query that notices ends.
inline constexpr std::int64_t memory_max_bytes = 512LL << 20;
// What all queries together keep on disk while they sort and group; the one that needs more ends.
inline constexpr std::int64_t temporary_bytes_max = 2LL << 30;

// One statement.
inline constexpr std::size_t sql_bytes_max = 64 << 10;
inline constexpr int schema_sql_bytes_max = 4 << 20;  // the text that made one table, which SQLite parses itself
inline constexpr int value_bytes_max = 4 << 20;       // one value, and one row on its way through a sorter
inline constexpr int columns_max = 2'000;             // of a table or an answer
inline constexpr int expression_depth_max = 200;
inline constexpr int compound_selects_max = 50;
inline constexpr int program_steps_max = 250'000;  // instructions that a statement is compiled to
inline constexpr int function_arguments_max = 100;
inline constexpr int pattern_bytes_max = 200;  // of LIKE and GLOB: a match takes time by text and pattern
inline constexpr int variables_max = 1'000;
inline constexpr std::size_t searched_bytes_max = 100;  // what instr, replace and trim look for, for the same reason
inline constexpr std::size_t field_digits_max = 3;      // of a width that printf writes

// How often a running statement looks whether it is still wanted, in instructions.
inline constexpr int steps_between_checks = 1'000;
// How long a file that another program is writing to is waited for, if the call has no sooner deadline, and how often it is tried.
inline constexpr std::chrono::milliseconds lock_wait_max{5'000};
inline constexpr std::chrono::milliseconds lock_retry_interval{5};

// An answer's batches.
inline constexpr std::size_t batch_rows = 8'192;
inline constexpr std::size_t batch_bytes = 4 << 20;

// How long a look at the file's size and time is trusted before the next call looks again.
inline constexpr std::chrono::milliseconds data_version_check_interval{100};

// Tables of a file, and what is found out about each: values to see what types are stored, rows, pages.
inline constexpr std::size_t tables_max = 2'000;
inline constexpr std::int64_t sampled_rows = 1'000;
inline constexpr std::chrono::milliseconds sample_time_max{100};
inline constexpr std::chrono::milliseconds count_time_max{250};
inline constexpr std::chrono::milliseconds size_time_max{100};
// All tables that are described at once together; those after it are told by what is known without reading.
inline constexpr std::chrono::milliseconds measure_time_max{3'000};

// Column statistics.
inline constexpr std::int64_t exact_rows_max = 200'000;  // up to here every value is looked at
inline constexpr std::chrono::milliseconds exact_time_max{2'000};
inline constexpr std::int64_t statistics_sample_rows = 20'000;  // else so many, spread over the table
inline constexpr std::int64_t few_values_max = 100;
inline constexpr std::size_t top_values_max = 20;
inline constexpr std::size_t sample_values_max = 5;
inline constexpr std::size_t statistics_columns_max = 500;
inline constexpr std::size_t shown_value_bytes_max = 200;
inline constexpr std::size_t unread_values_max = 3;

// Bytes of a dry run: pages on the way to one row.
inline constexpr std::uint64_t lookup_pages = 8;

}  // namespace bridge::sqlite
