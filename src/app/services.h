#pragma once

#include <memory>
#include <vector>

#include "ai_sdk/core/provider_factory.h"
#include "app/config.h"
#include "app/walls.h"
#include "features/catalog/catalog_service.h"
#include "features/chat/chat_service.h"
#include "features/connections/connection_service.h"
#include "features/dashboard_generation/generation_service.h"
#include "features/dashboard_generation/suggestion_service.h"
#include "features/dashboard_serving/data_service.h"
#include "features/dashboards/dashboard_service.h"
#include "features/jobs/job_service.h"
#include "features/observability/observability_service.h"
#include "features/observability/tool_cache.h"
#include "features/teams/team_service.h"
#include "features/warehouse_use/warehouse_use.h"
#include "platform/cache/byte_cache.h"
#include "platform/worker_process/worker_supervisor.h"

namespace bridge {

// Every part of the server, in the order in which they are made; they end in the opposite order.
struct Services {
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Database> database;
  std::shared_ptr<ObjectStore> lake;
  std::shared_ptr<KeyService> keys;
  std::shared_ptr<ByteCache> cache;
  std::shared_ptr<HttpClient> http;
  std::shared_ptr<WorkerSupervisor> workers;
  std::unique_ptr<Walls> walls;
  std::vector<std::shared_ptr<WarehouseDriver>> drivers;
  std::shared_ptr<LocalQueryEngine> local_engine;

  std::shared_ptr<TeamService> teams;
  std::shared_ptr<WarehouseUse> warehouse_use;
  std::shared_ptr<ConnectionService> connections;
  std::shared_ptr<JobService> jobs;
  std::shared_ptr<CatalogService> catalog;
  std::unique_ptr<QueryExecution> queries;
  std::unique_ptr<WorkerPool> query_workers;
  std::unique_ptr<ConnectionDirectory> connection_directory;
  std::unique_ptr<DashboardService> dashboards;
  std::unique_ptr<DashboardDataService> data;

  std::shared_ptr<ModelCallObserver> model_call_log;
  std::shared_ptr<ToolCache> tool_cache;
  std::unique_ptr<ObservabilityService> observability;

  std::unique_ptr<PromptBlockService> prompt_blocks;
  std::unique_ptr<SessionManager> sessions;
  std::unique_ptr<ProviderFactory> providers;
  std::unique_ptr<DryRunLedger> dry_runs;
  std::unique_ptr<CatalogReader> catalog_reader;
  std::unique_ptr<DashboardLibrary> library;
  std::unique_ptr<SuggestionService> suggestions;
  std::unique_ptr<GenerationService> generation;
  std::unique_ptr<ChatService> chat;
};

// Opens the data folder's database (migrated to the newest step), lake and keys, and makes the services over them.
Result<std::unique_ptr<Services>> open_services(const Config& config);

}  // namespace bridge
