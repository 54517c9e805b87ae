#pragma once

#include <cstddef>
#include <cstdint>

namespace bridge::generation_limits {

inline constexpr std::size_t kPromptCharactersMax = 2'000;

// What the tools show of a warehouse at once.
inline constexpr std::size_t kDatasetsMax = 200;
inline constexpr std::size_t kTablesMax = 200;                  // of one dataset
inline constexpr std::size_t kColumnNamesMax = 60;              // of one table in a list of tables
inline constexpr std::size_t kColumnsMax = 300;                 // of one table's schema
inline constexpr std::size_t kOtherColumnsBytesMax = 16 << 10;  // names of columns beyond those
inline constexpr std::size_t kTopValuesMax = 20;
inline constexpr std::size_t kValueBytesMax = 200;  // of a value shown as a sample
inline constexpr std::size_t kDescriptionBytesMax = 500;
inline constexpr std::size_t kSchemaBytesMax = 56 << 10;  // of one table's schema as JSON
inline constexpr std::size_t kViolationsShownMax = 30;
inline constexpr std::size_t kAllowedShownMax = 40;  // of one violation
inline constexpr std::size_t kHintTablesMax = 20;    // named beside the sentence

// What is remembered of dry runs and validations, in memory: the oldest session goes first.
inline constexpr std::size_t kLedgerSessionsMax = 1'000;
inline constexpr std::size_t kLedgerEntriesMax = 512;  // of one session

// Failed validations of one dashboard that a model may mend; after one more the rules take over.
inline constexpr int kRepairRoundsMax = 4;

// What a conversation shows of an answer.
inline constexpr std::size_t kRowsShownMax = 200;
inline constexpr std::size_t kRowBytesShownMax = 48 << 10;

// Two agents may choose the same free name at the same time.
inline constexpr int kSaveAttemptsMax = 5;

}  // namespace bridge::generation_limits
