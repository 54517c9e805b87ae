#pragma once

#include <chrono>
#include <cstddef>

namespace bridge {

// The longest wait for the one connection, whatever the caller's deadline.
inline constexpr std::chrono::milliseconds kConnectionWaitMax{5'000};
// Rows that one statement may return; a store pages long before.
inline constexpr std::size_t kStatementRowsMax = 200'000;
// Pages that the write-ahead log may reach before it is folded back into the file.
inline constexpr int kWalPagesMax = 1'000;
// Steps that one call of migrate_up applies.
inline constexpr std::size_t kMigrationStepsMax = 10'000;
// Of a step's statement, and of what the engine says of it, in an error; bytes.
inline constexpr std::size_t kStatementShownMax = 80;
inline constexpr std::size_t kEngineTextShownMax = 400;

}  // namespace bridge
