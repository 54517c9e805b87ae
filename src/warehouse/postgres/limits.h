#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge::postgres {

// Connections to one warehouse, so as many queries of one team run at once; the next one waits.
inline constexpr std::size_t sessions_max = 8;
// How long a connection is kept: without use, and altogether (a server that was moved behind its name is found again).
inline constexpr std::chrono::minutes session_idle_max{5};
inline constexpr std::chrono::minutes session_age_max{30};
// Connections that turn out to be dead when they are taken, before a new one is made.
inline constexpr int dead_sessions_tried_max = static_cast<int>(sessions_max);

// Connecting and signing in, of a call without a sooner deadline.
inline constexpr std::chrono::milliseconds connect_time_max{10'000};
// One statement, of a call without a sooner deadline; the server ends it by itself a little later than Bridge does.
inline constexpr std::chrono::milliseconds statement_time_max{300'000};
inline constexpr std::chrono::milliseconds statement_timeout_slack{1'000};
inline constexpr std::chrono::milliseconds lock_time_max{5'000};
inline constexpr std::chrono::milliseconds idle_in_transaction_max{60'000};
// How often a call that waits for the server looks whether it is still wanted.
inline constexpr std::chrono::milliseconds check_interval{20};
// How long a cancelled statement may take to end before its connection is given up, and how many requests to cancel are under way at once.
inline constexpr std::chrono::milliseconds cancel_wait_max{2'000};
inline constexpr int cancels_under_way_max = 32;

// One statement.
inline constexpr std::size_t sql_bytes_max = 64 << 10;
inline constexpr std::size_t parser_stack_bytes = 64 << 20;  // of address space; the deepest statement of sql_bytes_max takes 4 MiB
inline constexpr std::size_t tree_bytes_max = 32 << 20;
inline constexpr std::size_t tree_depth_max = 1'000;  // levels of the parse tree's JSON, of which an expression takes three or four
inline constexpr std::size_t values_max = 1'000;

// An answer's batches.
inline constexpr std::size_t batch_rows = 8'192;
inline constexpr std::size_t batch_bytes = 4 << 20;

// Catalog.
inline constexpr std::size_t tables_max = 20'000;   // of one schema
inline constexpr std::size_t names_shown_max = 50;  // in an error
inline constexpr std::size_t known_types_max = 4'096;

// Column statistics.
inline constexpr std::int64_t exact_rows_max = 200'000;  // up to here every value is looked at
inline constexpr std::chrono::milliseconds exact_time_max{2'000};
inline constexpr std::int64_t statistics_sample_rows = 20'000;
inline constexpr std::int64_t few_values_max = 100;
inline constexpr std::size_t top_values_max = 20;
inline constexpr std::size_t sample_values_max = 5;
inline constexpr std::size_t statistics_columns_max = 500;
inline constexpr std::int64_t date_format_rows = 1'000;  // the first rows, to see what text may be
inline constexpr std::size_t unread_values_max = 3;
inline constexpr std::size_t shown_value_bytes_max = 200;

inline constexpr std::uint64_t page_bytes = 8'192;  // of every usual build

}  // namespace bridge::postgres
