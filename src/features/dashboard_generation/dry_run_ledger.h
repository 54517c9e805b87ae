#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/result.h"

namespace bridge {

// What was proven in each session: which SQL texts passed a dry run under the cap on which connection, and which documents validated. In
// memory and bounded: what it has forgotten has to be proven again. Thread-safe.
class DryRunLedger final {
 public:
  // How a session began: kept for the provenance of what it saves.
  struct Origin {
    std::string generator;
    std::string prompt;
  };
  void open_session(const SessionId& session, Origin origin);
  Origin origin_of(const SessionId& session) const;
  void close_session(const SessionId& session);

  // Texts are compared byte by byte, but for white space around them. resource_exhausted when a session has had too many.
  Result<> approve_sql(const SessionId& session, const ConnectionId& connection, std::string_view sql, std::uint64_t bytes_scanned);
  std::optional<std::uint64_t> approved_bytes(const SessionId& session, const ConnectionId& connection, std::string_view sql) const;

  // Documents are compared byte by byte.
  Result<> approve_document(const SessionId& session, const ConnectionId& connection, std::string_view yaml);
  bool has_approved_document(const SessionId& session, const ConnectionId& connection) const;  // any
  bool is_approved_document(const SessionId& session, const ConnectionId& connection, std::string_view yaml) const;

 private:
  struct Entry {
    std::list<SessionId>::iterator place;
    Origin origin;
    std::map<std::string, std::uint64_t> approved;  // kind, connection and SHA-256 → bytes
  };
  Entry& entry_of(const SessionId& session);
  Result<> approve(const SessionId& session, std::string key, std::uint64_t bytes);
  std::optional<std::uint64_t> find(const SessionId& session, const std::string& key) const;

  mutable std::mutex mutex_;
  std::list<SessionId> order_;  // oldest first
  std::unordered_map<SessionId, Entry> sessions_;
};

}  // namespace bridge
