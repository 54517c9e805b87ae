#include "features/dashboards/reconciler.h"

#include "base/log.h"
#include "base/text.h"
#include "features/dashboards/crash_point.h"
#include "features/dashboards/dashboard_files.h"
#include "features/dashboards/dashboard_store.h"
#include "features/teams/audit.h"

namespace bridge {

void Reconciler::record(const CallContext& context, const TeamScope& team, const IndexEntry& entry, std::string_view action) {
  settle(context, team, entry.slug, [&]() -> Result<> {
    TRY(parts_.index.update(context, team, [&](IndexEntries& entries) { return put_entry(entries, entry); }));
    crash_point("after_index_put");
    TRY(parts_.database.transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(put_dashboard_row(transaction, team, entry, parts_.store.url(yaml_key(team, entry.slug))));
      if (!action.empty()) TRY(append_audit_event(transaction, context, parts_.clock.now(), action, entry.slug));
      return {};
    }));
    crash_point("after_pointer_write");
    return {};
  });
}

void Reconciler::forget(const CallContext& context, const TeamScope& team, std::string_view slug, const LoadedDocument& removed,
                        std::string_view action) {
  settle(context, team, slug, [&]() -> Result<> {
    TRY(parts_.index.update(context, team, [&](IndexEntries& entries) {
      const auto entry = entries.find(std::string(slug));
      if (entry == entries.end() || entry->second.generation > removed.generation) return false;
      entries.erase(entry);
      return true;
    }));
    crash_point("after_index_put");
    return parts_.database.transact(context, [&](Transaction& transaction) -> Result<> {
      const auto row = TRY(find_dashboard_row(transaction, team, slug));
      if (row && row->version <= removed.meta.version) TRY(delete_dashboard_row(transaction, team, slug));
      return append_audit_event(transaction, context, parts_.clock.now(), action, slug);
    });
  });
}

Result<std::shared_ptr<const IndexEntries>> Reconciler::settled_entries(const CallContext& context, const TeamScope& team) {
  bool unsettled = false;
  {
    const std::lock_guard lock(mutex_);
    unsettled = unsettled_.erase(team.team_id()) > 0;
  }
  auto entries = parts_.index.read(context, team);
  if (!unsettled && entries) return entries;
  if (!entries && entries.error().code != ErrorCode::data_loss) return entries;
  auto mended = reconcile(context);
  if (mended) return parts_.index.read(context, team);
  mark_unsettled(team);
  const auto found = find_changes(context, team);
  if (!found) return entries ? std::move(entries) : Result<std::shared_ptr<const IndexEntries>>(fail(std::move(mended).error()));
  const auto as_the_files_say = std::make_shared<IndexEntries>(found->before);
  found->apply(*as_the_files_say);
  return as_the_files_say;
}

Result<RebuildReport> Reconciler::rebuild_index(const CallContext& context) {
  const TeamScope team = context.team();
  RebuildReport report;
  IndexEntries made;
  for (const auto& [slug, generation] : TRY(list_document_files(context, parts_.store, team))) {
    auto object = parts_.store.get(context, yaml_key(team, slug));
    auto entry = object ? make_index_entry(slug, object->content, object->generation) : Result<IndexEntry>(fail(object.error()));
    if (entry) made[slug] = std::move(*entry);
    else report.unreadable.push_back({yaml_key(team, slug), entry.error().message});
  }
  TRY(parts_.index.update(context, team, [&](IndexEntries& entries) {
    IndexEntries fresh = made;
    for (auto& [slug, entry] : fresh) {
      const auto known = entries.find(slug);
      if (known != entries.end()) keep_views(entry, known->second);
    }
    entries = std::move(fresh);
    return true;
  }));
  report.dashboards = static_cast<std::int64_t>(made.size());
  report.removed_pointers = TRY(mend_pointers(context, team, made)).removed;
  note_change();
  return report;
}

Result<Reconciler::Changes> Reconciler::find_changes(const CallContext& context, const TeamScope& team) {
  Changes found;
  auto known = parts_.index.read(context, team);
  if (!known && known.error().code != ErrorCode::data_loss) return fail(std::move(known).error());
  found.is_index_readable = known.has_value();
  if (known) found.before = **known;
  // The index was read first: what it names and the folder then does not hold is gone.
  const auto files = TRY(list_document_files(context, parts_.store, team));
  for (const auto& [slug, generation] : files) {
    const auto entry = found.before.find(slug);
    if (entry != found.before.end() && entry->second.generation == generation && entry->second.schedules) continue;
    auto object = parts_.store.get(context, yaml_key(team, slug));
    if (!object) continue;
    if (auto made = make_index_entry(slug, object->content, object->generation)) found.changed.push_back(std::move(*made));
    else log_warning("dashboard_unreadable", {{"key", yaml_key(team, slug)}, {"error", made.error().message}});
  }
  for (const auto& [slug, entry] : found.before) {
    if (!files.contains(slug)) found.gone.push_back(entry);
  }
  return found;
}

// Somebody else may have written the index since.
void Reconciler::Changes::apply(IndexEntries& entries) const {
  for (const IndexEntry& entry : changed) put_entry(entries, entry);
  for (const IndexEntry& entry : gone) {
    const auto current = entries.find(entry.slug);
    if (current != entries.end() && current->second.generation == entry.generation) entries.erase(current);
  }
}

Result<std::int64_t> Reconciler::reconcile(const CallContext& context) {
  const TeamScope team = context.team();
  const Changes found = TRY(find_changes(context, team));
  if (!found.is_empty()) {
    TRY(parts_.index.update(context, team, [&](IndexEntries& entries) {
      found.apply(entries);
      return true;
    }));
    note_change();
  }
  const MendedPointers mended = TRY(mend_pointers(context, team, *TRY(parts_.index.read(context, team))));
  return static_cast<std::int64_t>(
      std::max(found.changed.size() + found.gone.size(), static_cast<std::size_t>(mended.written + mended.removed)));
}

Result<std::int64_t> Reconciler::reconcile_all(const CallContext& context) {
  std::set<std::string> teams;
  for (const ObjectName& object : TRY(parts_.store.list(context, "dashboards/"))) {
    const auto parts = split(object.key, '/');
    if (parts.size() >= 3) teams.insert(parts[1]);
  }
  std::int64_t mended = 0;
  for (const std::string& team : teams) {
    CallContext inside = context;
    inside.caller.team_id = TeamId(team);
    if (auto done = reconcile(inside)) mended += *done;
    else log_warning("dashboards_not_reconciled", {{"team_id", team}, {"error", describe_error(done.error())}});
  }
  return mended;
}

void Reconciler::settle(const CallContext& context, const TeamScope& team, std::string_view slug, const std::function<Result<>()>& work) {
  note_change();
  if (const auto done = work(); !done) {
    log_warning("dashboard_not_settled",
                {{"slug", std::string(slug)}, {"correlation_id", context.correlation_id}, {"error", describe_error(done.error())}});
    mark_unsettled(team);
  }
  if (parts_.on_change) parts_.on_change(team, slug);
  note_change();
}

void Reconciler::mark_unsettled(const TeamScope& team) {
  const std::lock_guard lock(mutex_);
  unsettled_.insert(team.team_id());
}

Result<Reconciler::MendedPointers> Reconciler::mend_pointers(const CallContext& context, const TeamScope& team,
                                                             const IndexEntries& entries) {
  MendedPointers mended;
  std::vector<DashboardRow> rows;
  TRY(parts_.database.read(context, [&](Transaction& transaction) -> Result<> {
    rows = TRY(list_dashboard_rows(transaction, team));
    return {};
  }));
  std::vector<std::string> gone;
  std::map<std::string, const DashboardRow*> by_slug;
  for (const DashboardRow& row : rows) {
    by_slug[row.slug] = &row;
    if (!entries.contains(row.slug) && !TRY(find_document_file(context, parts_.store, team, row.slug))) gone.push_back(row.slug);
  }
  std::vector<const IndexEntry*> different;
  for (const auto& [slug, entry] : entries) {
    const auto row = by_slug.find(slug);
    const bool same = row != by_slug.end() && row->second->version == entry.version && row->second->title == entry.title &&
                      row->second->updated_at == entry.updated_at && row->second->view_type == entry.view_type &&
                      row->second->description == entry.description;
    if (!same) different.push_back(&entry);
  }
  if (gone.empty() && different.empty()) return mended;
  TRY(parts_.database.transact(context, [&](Transaction& transaction) -> Result<> {
    mended = {};
    for (const IndexEntry* entry : different) {
      // A file that was put back by hand is the truth, whatever version the row tells of.
      const auto row = by_slug.find(entry->slug);
      if (row != by_slug.end() && row->second->version > entry->version) TRY(delete_dashboard_row(transaction, team, entry->slug));
      mended.written += TRY(put_dashboard_row(transaction, team, *entry, parts_.store.url(yaml_key(team, entry->slug)))) ? 1 : 0;
    }
    for (const std::string& slug : gone) mended.removed += TRY(delete_dashboard_row(transaction, team, slug));
    return {};
  }));
  return mended;
}

}  // namespace bridge
