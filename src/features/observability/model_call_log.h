#pragma once

#include <memory>

#include "ai_sdk/core/model_call.h"
#include "base/time.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// Writes every call into the directory. Calls that end at the same time share a transaction; each returns when its own is durable. What
// cannot be written is a matter for the log: the answer that was paid for is not lost over it.
std::shared_ptr<ModelCallObserver> make_model_call_log(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock);

}  // namespace bridge
