#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge {

inline constexpr std::size_t kDatasetsPerConnectionMax = 10'000;
inline constexpr std::size_t kTablesPerDatasetMax = 50'000;
// A scan describes so many tables, writes them down in one transaction, and goes on.
inline constexpr std::size_t kTablesScannedAtOnce = 50;
// Tables that are described at once where no scan knows them.
inline constexpr std::size_t kTablesDescribedAtOnce = 100;
inline constexpr std::size_t kSearchTextCharactersMax = 200;
inline constexpr std::size_t kSearchedTablesMax = 2'000;
inline constexpr std::size_t kDescriptionBytesMax = 4'000;
inline constexpr std::size_t kLocationBytesMax = 200;

// A scan younger than this is believed; otherwise the warehouse is asked, and its answer kept for a while.
inline constexpr std::chrono::hours kScanFreshMax{1};
inline constexpr std::chrono::seconds kListingFreshMax{30};
inline constexpr std::chrono::minutes kStatisticsFreshMax{10};
inline constexpr std::size_t kListingsKeptMax = 256;
// What the statistics of one table may read where reading is not free.
inline constexpr std::uint64_t kStatisticsBytesMax = 1'000'000'000;
inline constexpr std::size_t kStatisticsKeptMax = 1'024;
inline constexpr std::size_t kUnreadableTablesNamedMax = 20;  // in the outcome of a scan

}  // namespace bridge
