#pragma once

#include <functional>
#include <memory>

#include "ai_sdk/core/tool_result_cache.h"
#include "base/time.h"
#include "features/observability/model_call.h"
#include "platform/cache/byte_cache.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// What an answer depends on beside its arguments and who asks. An error: such answers are not kept.
struct ToolCacheVersions {
  std::function<Result<std::string>(const CallContext&, const ConnectionId&)> catalog;
};

// Answers of tools in the cache of bytes, their counters in the directory. Hits are written together, a while later.
class ToolCache : public ToolResultCache {
 public:
  virtual Result<ToolCacheStatistics> statistics(const CallContext& context) = 0;
};
std::shared_ptr<ToolCache> make_tool_cache(std::shared_ptr<ByteCache> cache, std::shared_ptr<Database> database,
                                           std::shared_ptr<const Clock> clock, ToolCacheVersions versions);

}  // namespace bridge
