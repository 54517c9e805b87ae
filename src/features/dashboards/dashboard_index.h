#pragma once

#include <functional>
#include <memory>

#include "base/call_context.h"
#include "features/dashboards/index_entry.h"
#include "platform/object_store/object_store.h"

// `.index.json`: what lists need of every dashboard of a team, so that no YAML is opened for one. It is made from the YAML files and can be
// made anew from them.

namespace bridge {

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
