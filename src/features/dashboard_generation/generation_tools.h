#pragma once

#include <memory>

#include "ai_sdk/core/tool_registry.h"
#include "base/time.h"
#include "features/dashboard_generation/dry_run_ledger.h"
#include "features/dashboard_generation/generation_ports.h"
#include "features/dashboard_serving/data_service.h"

namespace bridge {

// What the tools stand on. All must outlive them.
struct GenerationToolParts {
  CatalogReader& catalog;
  DashboardLibrary& library;
  LocalQueryEngine& local;
  DryRunLedger& ledger;
  const Clock& clock;
  DashboardDataService* data = nullptr;   // for the tools that show answers; null: there are none
  std::uint64_t cap_bytes = 100'000'000;  // at or over it a query is refused
};

// What it takes to make a dashboard.
Result<ToolRegistry> make_generation_tools(const GenerationToolParts& parts);
// That, and what it takes to answer with a table or a chart. Needs `parts.data`.
Result<ToolRegistry> make_chat_tools(const GenerationToolParts& parts);

}  // namespace bridge
