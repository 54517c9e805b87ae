#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ai_sdk/core/provider.h"

namespace bridge {

// A model to ask; an empty model is the one that the request names.
struct CallTarget {
  std::shared_ptr<ModelCaller> caller;
  std::string provider;  // its name
  std::string model = {};
};

struct RetryOptions {
  // A number of [0, 1); the default is a real one.
  std::function<double()> random = {};
  // Blocks for that long or until the context's end; the default really waits.
  std::function<void(const CallContext&, std::chrono::milliseconds)> wait = {};
};

// The first target, asked again when trying again may help: after what the server asked for, or else after a random share of a doubling
// delay ("full jitter"), within limits.h and the team's retry budget. When it cannot be had, the next target, behind a ProviderSwitch.
// Output that came before a failure is never repeated in silence: a StreamReset voids it first.
std::shared_ptr<ModelCaller> with_retries(std::vector<CallTarget> targets, RetryOptions options = {});

}  // namespace bridge
