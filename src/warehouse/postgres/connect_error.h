#pragma once

#include <string_view>

#include "base/error.h"
#include "warehouse/postgres/connection_settings.h"
#include "warehouse/warehouse.h"

namespace bridge::postgres {

// Why there is no connection. The error's message says the step, what went wrong and what mends it; its violation names the field to
// change.
struct ConnectFailure {
  ConnectionStep step = ConnectionStep::connect;
  Error error;
};

// `text` is libpq's, `sql_state` the server's where it had one; `under_way` is the step in which it came.
ConnectFailure connect_failure(std::string_view text, std::string_view sql_state, ConnectionStep under_way,
                               const ConnectionSettings& settings);

// One of Bridge's own.
ConnectFailure connect_failure(ConnectionStep step, ErrorCode code, std::string_view reason, std::string_view problem,
                               std::string_view field, std::string_view mend, std::string_view detail = {});

}  // namespace bridge::postgres
