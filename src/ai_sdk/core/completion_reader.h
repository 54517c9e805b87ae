#pragma once

#include <set>
#include <string>
#include <vector>

#include "ai_sdk/core/limits.h"
#include "ai_sdk/core/provider.h"

namespace bridge {

// What one stream of parts came to.
struct Completion {
  std::string text;
  std::vector<ToolCallEnd> calls;  // in the order they ended; unfinished ones are left out
  Finish finish;
  std::optional<OpaqueContent> opaque;
};

// Collects the parts of one stream and holds it to the contract: known ids, bounded sizes, one Finish and nothing after it. A provider
// that breaks it is unavailable ("provider_stream_broken").
class CompletionReader final {
 public:
  explicit CompletionReader(const OrchestratorLimits& limits) : limits_(&limits) {}

  Result<> take(const StreamPart& part);
  // What has been said so far.
  const std::string& text() const { return completion_.text; }
  // The whole. unavailable ("premature_eof") when the stream ended without Finish.
  Result<Completion> finish();

 private:
  Result<> take_text(const TextDelta& part);
  Result<> take_start(const ToolCallStart& part);
  Result<> take_delta(const ToolCallDelta& part);
  Result<> take_end(const ToolCallEnd& part);

  const OrchestratorLimits* limits_;
  Completion completion_;
  std::set<std::string, std::less<>> open_;
  std::set<std::string, std::less<>> ended_;
  std::size_t argument_bytes_ = 0;
  bool finished_ = false;
};

}  // namespace bridge
