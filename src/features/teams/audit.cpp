#include "features/teams/audit.h"

#include "platform/metadata_db/row_mapper.h"

namespace bridge {

Result<> append_audit_event(Transaction& transaction, const CallContext& context, Time now, std::string_view action,
                            std::string_view target) {
  return append_audit_event(transaction, {.team_id = context.caller.team_id,
                                          .actor = context.caller.credential_id,
                                          .action = std::string(action),
                                          .target = std::string(target),
                                          .created_at = now});
}

Result<> append_audit_event(Transaction& transaction, AuditEvent event) {
  if (event.id.empty()) event.id = make_uuid();
  if (event.actor.empty()) event.actor = "system";
  return insert_row(transaction, "audit_events", event);
}

}  // namespace bridge
