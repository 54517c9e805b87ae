#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/json.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// One line of the append-only record of who changed what.
struct AuditEvent {
  std::string id;
  TeamId team_id;      // empty for what an operator does outside a team
  std::string actor;   // the credential: "key:…", "session:…", or "system"
  std::string action;  // "api_key.create"
  std::string target;  // the id or name of what was changed; never a secret
  std::string outcome = "done";
  std::optional<std::string> ip;
  Time created_at;
};
BOOST_DESCRIBE_STRUCT(AuditEvent, (), (id, team_id, actor, action, target, outcome, ip, created_at))

// Appends to the record in the transaction of the change itself, so that there is never one without the other.
Result<> append_audit_event(Transaction& transaction, const CallContext& context, Time now, std::string_view action,
                            std::string_view target);
Result<> append_audit_event(Transaction& transaction, AuditEvent event);

}  // namespace bridge
