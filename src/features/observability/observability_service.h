#pragma once

#include <memory>

#include "features/observability/model_call.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// Reads the accounts of a team's calls to models. Thread-safe.
class ObservabilityService {
 public:
  virtual ~ObservabilityService() = default;

  virtual Result<ModelCallList> list_model_calls(const CallContext& context, const ModelCallFilter& filter) = 0;

  // Of one person; of the caller for nothing, of everybody in the team for "*". permission_denied for others' below admin.
  virtual Result<CostSummary> summarise_cost(const CallContext& context, const std::optional<std::string>& user, CostGrouping grouping) = 0;
};

std::unique_ptr<ObservabilityService> make_observability_service(std::shared_ptr<Database> database);

}  // namespace bridge
