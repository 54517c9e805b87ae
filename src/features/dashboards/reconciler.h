#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "features/dashboards/dashboard.h"
#include "features/dashboards/dashboard_index.h"
#include "features/dashboards/loaded_documents.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// All of these must outlive the reconciler.
struct ReconcilerParts {
  Database& database;
  ObjectStore& store;
  DashboardIndex& index;
  const Clock& clock;
  std::function<void(const TeamScope&, std::string_view slug)> on_change;  // a dashboard was saved or deleted; may be empty
};

// Holds index and pointer rows to what the files say: after each write, and wherever a crash or a hand left them behind. Thread-safe.
class Reconciler final {
 public:
  explicit Reconciler(ReconcilerParts parts) : parts_(std::move(parts)) {}

  // After a document was written or removed. They cannot fail, what is saved is saved: what could not be written down is mended before the
  // team's dashboards are listed again. An empty `action` leaves out the audit log.
  void record(const CallContext& context, const TeamScope& team, const IndexEntry& entry, std::string_view action);
  void forget(const CallContext& context, const TeamScope& team, std::string_view slug, const LoadedDocument& removed,
              std::string_view action);

  // The index; mended first where that is known to be needed, or where it cannot be read. Where it cannot be written, on a full disk, it is
  // what the files say all the same.
  Result<std::shared_ptr<const IndexEntries>> settled_entries(const CallContext& context, const TeamScope& team);

  // See DashboardService.
  Result<RebuildReport> rebuild_index(const CallContext& context);
  Result<std::int64_t> reconcile(const CallContext& context);
  Result<std::int64_t> reconcile_all(const CallContext& context);

  // Grows with every change of a document or of what is known about it.
  std::uint64_t change_count() const { return changes_.load(std::memory_order_acquire); }
  void note_change() { changes_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  struct MendedPointers {
    std::int64_t written = 0;
    std::int64_t removed = 0;
  };

  // What the files say and the index does not.
  struct Changes {
    IndexEntries before;
    bool is_index_readable = true;
    std::vector<IndexEntry> changed;
    std::vector<IndexEntry> gone;

    bool is_empty() const { return is_index_readable && changed.empty() && gone.empty(); }
    void apply(IndexEntries& entries) const;
  };
  Result<Changes> find_changes(const CallContext& context, const TeamScope& team);

  void settle(const CallContext& context, const TeamScope& team, std::string_view slug, const std::function<Result<>()>& work);
  void mark_unsettled(const TeamScope& team);
  Result<MendedPointers> mend_pointers(const CallContext& context, const TeamScope& team, const IndexEntries& entries);

  ReconcilerParts parts_;
  std::atomic<std::uint64_t> changes_{1};
  std::mutex mutex_;
  std::set<TeamId> unsettled_;  // teams whose index or pointers could not be written
};

}  // namespace bridge
