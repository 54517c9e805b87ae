#pragma once

#include <vector>

#include "ai_sdk/gateway/team_limits.h"
#include "features/observability/model_call.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// SQL of model_calls. `person`: nothing for everybody's.

Result<> insert_model_call(Transaction& transaction, const ModelCall& call);

// Newest first.
Result<std::vector<ModelCall>> list_model_calls(Transaction& transaction, const TeamScope& team, const ModelCallFilter& filter);
Result<std::int64_t> count_model_calls(Transaction& transaction, const TeamScope& team, const ModelCallFilter& filter);

struct DayUse {
  std::int64_t day = 0;  // since 1970
  std::int64_t tokens = 0;
  std::int64_t nano_usd = 0;
  std::int64_t unpriced_calls = 0;
};
// Newest day first.
Result<std::vector<DayUse>> list_use_by_day(Transaction& transaction, const TeamScope& team, const std::optional<UserId>& person);

Result<TeamUse> read_team_use(Transaction& transaction, const TeamScope& team, Time since);

}  // namespace bridge
