#pragma once

#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"
#include "warehouse/postgres/session.h"

namespace bridge::postgres {

// What the role that signed in could do beyond reading, each with the statement that takes it away. Empty: it can only read.
Result<std::vector<std::string>> excess_rights(const CallContext& context, Session& session);

}  // namespace bridge::postgres
