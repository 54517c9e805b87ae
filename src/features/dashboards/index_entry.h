#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "features/dashboards/dashboard.h"
#include "platform/object_store/object_store.h"

namespace bridge {

// What lists need of one dashboard.
struct IndexEntry {
  std::string slug;
  std::string title;
  std::string description;
  ViewType view_type = ViewType::analytical;
  std::string owner_email;
  std::vector<std::string> tags;
  std::string connection;
  int version = 0;
  Generation generation = 0;  // of the YAML that this was read from
  Time created_at;
  Time updated_at;
  std::string content_hash;
  std::int64_t access_count = 0;
  std::optional<Time> last_accessed;
  std::optional<std::vector<std::string>> schedules;  // at which any of its queries is to be run; missing in an index of an earlier build
};
BOOST_DESCRIBE_STRUCT(IndexEntry, (),
                      (slug, title, description, view_type, owner_email, tags, connection, version, generation, created_at, updated_at,
                       content_hash, access_count, last_accessed, schedules))

using IndexEntries = std::map<std::string, IndexEntry>;

// Views of a dashboard that no index counts yet.
struct PendingViews {
  std::int64_t count = 0;
  Time last;
};

// From any text that is a YAML mapping: what is missing or wrong gets a default, so that every file that can be read is listed.
Result<IndexEntry> make_index_entry(std::string_view slug, std::string_view text, Generation generation);

// `meta` with a version of at least 1 and both times: a file that says none is as old as its generation.
DocumentMeta complete_meta(DocumentMeta meta, Generation generation);

// Adds the entry or replaces that of an earlier write of the file; views that were counted stay counted. False when the entries are newer.
bool put_entry(IndexEntries& entries, IndexEntry entry);

// Counts no views away: `entry` gets those of `known` where they are more.
void keep_views(IndexEntry& entry, const IndexEntry& known);

DashboardMetadata make_metadata(const IndexEntry& entry, std::string gcs_yaml_path, const PendingViews& pending);

}  // namespace bridge
