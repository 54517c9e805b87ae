#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "features/dashboard_documents/document.h"

namespace bridge {

// What lists and headers show of a dashboard; the document itself is in the object store.
struct DashboardMetadata {
  std::string slug;
  std::string title;
  std::string description;
  std::string gcs_yaml_path;
  ViewType view_type = ViewType::analytical;
  std::optional<std::string> owner_email;
  std::vector<std::string> tags;
  std::string connection;
  int version = 0;
  Time created_at;
  Time updated_at;
  std::int64_t access_count = 0;
  std::optional<Time> last_accessed;
};
BOOST_DESCRIBE_STRUCT(DashboardMetadata, (),
                      (slug, title, description, gcs_yaml_path, view_type, owner_email, tags, connection, version, created_at, updated_at,
                       access_count, last_accessed))

// A version of a dashboard, and what it changed.
struct DashboardVersion {
  int version = 0;
  std::optional<Time> updated_at;
  std::string content_hash;
  std::string diff;  // unified, against the version before; without `meta`
};
BOOST_DESCRIBE_STRUCT(DashboardVersion, (), (version, updated_at, content_hash, diff))

struct UnreadableFile {
  std::string path;
  std::string message;
};
BOOST_DESCRIBE_STRUCT(UnreadableFile, (), (path, message))

struct RebuildReport {
  std::int64_t dashboards = 0;        // in the index and the directory now
  std::int64_t removed_pointers = 0;  // whose file is gone
  std::vector<UnreadableFile> unreadable;
};
BOOST_DESCRIBE_STRUCT(RebuildReport, (), (dashboards, removed_pointers, unreadable))

}  // namespace bridge
