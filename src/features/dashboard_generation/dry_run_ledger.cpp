#include "features/dashboard_generation/dry_run_ledger.h"

#include "base/digest.h"
#include "base/text.h"
#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

std::string sql_key(const ConnectionId& connection, std::string_view sql) {
  return str("sql ", connection.value(), ' ', sha256(trim(sql)));
}
std::string document_key(const ConnectionId& connection, std::string_view yaml) {
  return str("document ", connection.value(), ' ', sha256(yaml));
}

}  // namespace

void DryRunLedger::open_session(const SessionId& session, Origin origin) {
  const std::lock_guard lock(mutex_);
  entry_of(session).origin = std::move(origin);
}

DryRunLedger::Origin DryRunLedger::origin_of(const SessionId& session) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  return found == sessions_.end() ? Origin{} : found->second.origin;
}

void DryRunLedger::close_session(const SessionId& session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  order_.erase(found->second.place);
  sessions_.erase(found);
}

Result<> DryRunLedger::approve_sql(const SessionId& session, const ConnectionId& connection, std::string_view sql,
                                   std::uint64_t bytes_scanned) {
  return approve(session, sql_key(connection, sql), bytes_scanned);
}

std::optional<std::uint64_t> DryRunLedger::approved_bytes(const SessionId& session, const ConnectionId& connection,
                                                          std::string_view sql) const {
  return find(session, sql_key(connection, sql));
}

Result<> DryRunLedger::approve_document(const SessionId& session, const ConnectionId& connection, std::string_view yaml) {
  return approve(session, document_key(connection, yaml), 0);
}

bool DryRunLedger::has_approved_document(const SessionId& session, const ConnectionId& connection) const {
  const std::string prefix = str("document ", connection.value(), ' ');
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return false;
  const auto first = found->second.approved.lower_bound(prefix);
  return first != found->second.approved.end() && first->first.starts_with(prefix);
}

bool DryRunLedger::is_approved_document(const SessionId& session, const ConnectionId& connection, std::string_view yaml) const {
  return find(session, document_key(connection, yaml)).has_value();
}

DryRunLedger::Entry& DryRunLedger::entry_of(const SessionId& session) {
  if (const auto found = sessions_.find(session); found != sessions_.end()) return found->second;
  if (sessions_.size() >= generation_limits::kLedgerSessionsMax) {
    sessions_.erase(order_.front());
    order_.pop_front();
  }
  Entry& entry = sessions_[session];
  entry.place = order_.insert(order_.end(), session);
  return entry;
}

Result<> DryRunLedger::approve(const SessionId& session, std::string key, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  auto& approved = entry_of(session).approved;
  if (approved.size() >= generation_limits::kLedgerEntriesMax && !approved.contains(key)) {
    return fail(ErrorCode::resource_exhausted, "too_many_dry_runs",
                str("A session has at most ", generation_limits::kLedgerEntriesMax, " dry runs and validations"));
  }
  approved[std::move(key)] = bytes;
  return {};
}

std::optional<std::uint64_t> DryRunLedger::find(const SessionId& session, const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return {};
  const auto entry = found->second.approved.find(key);
  if (entry == found->second.approved.end()) return {};
  return entry->second;
}

}  // namespace bridge
