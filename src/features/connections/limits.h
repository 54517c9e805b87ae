#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge {

inline constexpr std::size_t kConnectionNameCharactersMax = 100;
inline constexpr std::size_t kCredentialBytesMax = 32 << 10;  // of one field
inline constexpr std::size_t kCredentialsBytesMax = 60 << 10;
inline constexpr std::int64_t kConnectionsPerTeamMax = 500;
inline constexpr std::size_t kOpenWarehousesMax = 32;
inline constexpr std::size_t kWarehousesOpeningMax = 256;  // at the same time
inline constexpr std::chrono::minutes kWarehouseIdleMax{10};
inline constexpr std::size_t kKnownVersionsMax = 4'096;  // connections of which is remembered how to see that their data changed
inline constexpr std::chrono::seconds kConnectionTestTimeMax{30};
inline constexpr std::chrono::seconds kWarehouseOpenTimeMax{30};
// What a test looks at.
inline constexpr std::size_t kTestDatasetsMax = 20;
inline constexpr std::size_t kTestTablesMax = 5;
inline constexpr std::uint64_t kTestReadBytesMax = 100'000'000;
inline constexpr std::chrono::milliseconds kTestTableTimeMax{1'000};  // of each table but the last
inline constexpr std::size_t kLastErrorBytesMax = 1'000;
inline constexpr std::size_t kDashboardsNamedMax = 20;

}  // namespace bridge
