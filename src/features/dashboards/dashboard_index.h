#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "features/dashboards/dashboard.h"
#include "platform/object_store/object_store.h"

// `.index.json`: what lists need of every dashboard of a team, so that no YAML is opened for one. It is made from the YAML files and can be
// made anew from them.

namespace bridge {

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

// Thread-safe, also between processes: every write is conditional.
class DashboardIndex {
 public:
  virtual ~DashboardIndex() = default;

  // Empty when there is no index; data_loss when it cannot be read.
  virtual Result<std::shared_ptr<const IndexEntries>> read(const CallContext& context, const TeamScope& team) = 0;

  // Reads, lets `change` change it, and writes it back unless somebody else wrote in between; then again, a limited number of times.
  // `change` returns false when there is nothing to write. An index that cannot be read is replaced: `change` gets it empty.
  virtual Result<> update(const CallContext& context, const TeamScope& team, const std::function<bool(IndexEntries&)>& change) = 0;
};

// `store` must outlive it.
std::unique_ptr<DashboardIndex> make_dashboard_index(ObjectStore& store);

}  // namespace bridge
