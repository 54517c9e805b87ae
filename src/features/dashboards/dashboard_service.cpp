#include "features/dashboards/dashboard_service.h"

#include "base/bad_field.h"
#include "base/text.h"
#include "features/dashboard_documents/document_json.h"
#include "features/dashboard_documents/limits.h"
#include "features/dashboard_documents/meta_text.h"
#include "features/dashboards/crash_point.h"
#include "features/dashboards/dashboard_files.h"
#include "features/dashboards/dashboard_history.h"
#include "features/dashboards/dashboard_index.h"
#include "features/dashboards/limits.h"
#include "features/dashboards/loaded_documents.h"
#include "features/dashboards/reconciler.h"
#include "features/dashboards/view_counts.h"

namespace bridge {
namespace {

using namespace document_limits;
using namespace dashboard_limits;

constexpr int kSlugAttemptsMax = 100;
constexpr std::size_t kProvenanceBytesMax = 16 << 10;

std::unexpected<Error> version_conflict(std::string_view slug) {
  return fail(ErrorCode::aborted, "version_conflict",
              str("The dashboard '", slug, "' has changed since: read it again, then repeat the change"));
}
std::unexpected<Error> slug_conflict(std::string_view slug) {
  return fail(ErrorCode::already_exists, "slug_conflict",
              str("There is a dashboard '", slug, "' already: choose another slug, or replace that one"));
}

class StoredDashboards final : public DashboardService {
 public:
  explicit StoredDashboards(DashboardServiceParts parts)
      : parts_(std::move(parts)),
        index_(make_dashboard_index(parts_.store)),
        loaded_(parts_.store),
        history_(parts_.store),
        reconciler_(
            {.database = parts_.database, .store = parts_.store, .index = *index_, .clock = *parts_.clock, .on_change = parts_.on_change}),
        views_(*index_) {}

  // ---- validating and saving ----

  Result<Validation> validate(const CallContext& context, const ValidateDashboard& input) override {
    ReferenceContext references{.slug = input.slug};
    if (parts_.connections && !context.caller.team_id.empty())
      references.connections = TRY(parts_.connections->list_connection_names(context));
    if (parts_.connections) {
      references.dialect_of = [&](std::string_view name) -> const SqlDialect* {
        const auto connection = parts_.connections->find_connection(context, name);
        return connection ? connection->dialect : nullptr;
      };
    }
    Validation validation = validate_document(input.yaml, references);
    if (!input.dry_run || !validation.report.valid) return validation;
    if (!parts_.connections || !parts_.local)
      return fail(ErrorCode::failed_precondition, "no_connections", "Queries can be tried only with a connection");
    const DataConnection connection = TRY(parts_.connections->find_connection(context, validation.document->connection.text));
    const auto warehouse = TRY(connection.open(context));
    TRY(validate_by_dry_run(
        context, {.warehouse = *warehouse, .local = *parts_.local, .limits = connection.limits, .today = day_of(parts_.clock->now())},
        validation));
    return validation;
  }

  Result<DashboardMetadata> create(const CallContext& context, SaveDashboard input) override {
    const TeamScope team = context.team();
    std::string slug = TRY(choose_slug(input));
    if (input.rename_when_taken) slug = TRY(find_free_slug(context, team, slug, input.yaml));
    const DashboardDocument document = TRY(check(context, input, slug));
    if (TRY(find_document_file(context, parts_.store, team, slug))) return slug_conflict(slug);
    const auto entries = index_->read(context, team);
    if (entries && (*entries)->size() >= kDashboardsMax) {
      return fail(ErrorCode::resource_exhausted, "too_many_dashboards",
                  str("A team may have at most ", kDashboardsMax, " dashboards: delete some first"));
    }
    // Versions go on where an earlier dashboard of this name ended, so that no version ever names two contents.
    const auto versions = TRY(history_.list_versions(context, team, slug));
    DocumentMeta meta{.version = versions.empty() ? 1 : versions.back() + 1};
    meta.created_at = meta.updated_at = parts_.clock->now();
    meta.provenance = input.provenance.is_object() ? input.provenance : document.meta.provenance;
    auto saved = commit(context, team, slug, input.yaml, std::move(meta), 0, "dashboard.create");
    if (!saved && saved.error().code == ErrorCode::aborted) return slug_conflict(slug);
    return saved;
  }

  Result<DashboardMetadata> replace(const CallContext& context, std::string_view slug, SaveDashboard input,
                                    const Precondition& precondition) override {
    const TeamScope team = context.team();
    const LoadedDocumentPointer current = TRY(loaded_.load(context, team, slug));
    TRY(check_precondition(*current, slug, precondition));
    TRY(check(context, input, std::string(slug)));
    json::value provenance = input.provenance.is_object() ? input.provenance : current->meta.provenance;
    return replace_loaded(context, team, slug, *current, input.yaml, std::move(provenance), "dashboard.update");
  }

  Result<DashboardMetadata> restore(const CallContext& context, std::string_view slug, int version,
                                    const Precondition& precondition) override {
    const TeamScope team = context.team();
    const LoadedDocumentPointer current = TRY(loaded_.load(context, team, slug));
    TRY(check_precondition(*current, slug, precondition));
    const std::string archived = TRY(history_.get(context, team, slug, version));
    const DashboardDocument document = TRY(check(context, {.yaml = archived}, std::string(slug)));
    return replace_loaded(context, team, slug, *current, archived, document.meta.provenance, "dashboard.restore");
  }

  Result<> remove(const CallContext& context, std::string_view slug, const Precondition& precondition) override {
    const TeamScope team = context.team();
    const LoadedDocumentPointer current = TRY(loaded_.load(context, team, slug));
    TRY(check_precondition(*current, slug, precondition));
    TRY(history_.put(context, team, slug, *current));
    crash_point("after_history_put");
    if (auto removed = parts_.store.remove(context, yaml_key(team, slug), current->generation); !removed) {
      return removed.error().code == ErrorCode::aborted || removed.error().code == ErrorCode::not_found ? version_conflict(slug)
                                                                                                        : fail(std::move(removed).error());
    }
    crash_point("after_yaml_remove");
    views_.forget(team, slug);
    reconciler_.forget(context, team, slug, *current, "dashboard.delete");
    return {};
  }

  // ---- reading ----

  Result<DashboardPage> list(const CallContext& context, const ListDashboards& input) override {
    const TeamScope team = context.team();
    const auto entries = TRY(reconciler_.settled_entries(context, team));
    std::vector<DashboardMetadata> items;
    for (const auto& [slug, entry] : *entries) items.push_back(metadata_of(team, entry));
    return make_dashboard_page(std::move(items), input);
  }

  Result<DashboardMetadata> get(const CallContext& context, std::string_view slug) override {
    const TeamScope team = context.team();
    const LoadedDocumentPointer loaded = TRY(loaded_.load(context, team, slug));
    const auto entries = TRY(reconciler_.settled_entries(context, team));
    const auto entry = entries->find(std::string(slug));
    if (entry != entries->end() && entry->second.generation == loaded->generation) return metadata_of(team, entry->second);
    // The file was written by somebody else, or by a process that died before it was done.
    auto made = make_index_entry(slug, loaded->text, loaded->generation);
    if (!made) return fail(std::move(made).error());
    reconciler_.record(context, team, *made, "");
    return metadata_of(team, *made);
  }

  Result<DashboardText> get_text(const CallContext& context, std::string_view slug) override {
    const TeamScope team = context.team();
    const LoadedDocumentPointer loaded = TRY(loaded_.load(context, team, slug));
    DashboardText out{.yaml = loaded->text, .etag = loaded->etag, .version = loaded->meta.version};
    if (!loaded->has_meta) return out;
    if (auto merged = rewrite_meta(loaded->text, with_views(context, team, slug, loaded->meta))) out.yaml = std::move(*merged);
    return out;
  }

  Result<DashboardJson> get_document(const CallContext& context, std::string_view slug) override {
    const LoadedDocumentPointer loaded = TRY(loaded_.load(context, context.team(), slug));
    if (!loaded->document) return fail(loaded->document.error());
    return DashboardJson{make_document_json(*loaded->document, slug), loaded->etag};
  }

  Result<std::vector<DashboardVersion>> get_history(const CallContext& context, std::string_view slug, std::size_t limit) override {
    const TeamScope team = context.team();
    const LoadedDocumentPointer current = TRY(loaded_.load(context, team, slug));
    return history_.describe(context, team, slug, *current, limit);
  }

  Result<std::vector<std::string>> list_users_of_connection(const CallContext& context, std::string_view connection) override {
    const auto entries = TRY(reconciler_.settled_entries(context, context.team()));
    std::vector<std::string> slugs;
    for (const auto& [slug, entry] : *entries) {
      if (entry.connection == connection) slugs.push_back(slug);
    }
    return slugs;
  }

  Result<std::vector<ScheduledDashboard>> list_scheduled(const CallContext& context) override {
    const auto entries = TRY(reconciler_.settled_entries(context, context.team()));
    std::vector<ScheduledDashboard> scheduled;
    for (const auto& [slug, entry] : *entries) {
      if (!entry.schedules || !entry.schedules->empty()) scheduled.push_back({slug, entry.schedules});
    }
    return scheduled;
  }

  // ---- mending ----

  Result<RebuildReport> rebuild_index(const CallContext& context) override { return reconciler_.rebuild_index(context); }
  Result<std::int64_t> reconcile(const CallContext& context) override { return reconciler_.reconcile(context); }
  Result<std::int64_t> reconcile_all(const CallContext& context) override { return reconciler_.reconcile_all(context); }

  // ---- counting views ----

  Result<> flush_access_counters(const CallContext& context) override { return views_.flush(context); }
  void count_view(const TeamScope& team, std::string_view slug) override { views_.count(team, slug, parts_.clock->now()); }

  // ---- plans ----

  Result<std::shared_ptr<const Plan>> get_plan(const CallContext& context, std::string_view slug) override {
    return TRY(loaded_.load(context, context.team(), slug))->plan;
  }
  std::uint64_t change_count() const override {
    return reconciler_.change_count() + (parts_.connections ? parts_.connections->change_count() : 0);
  }
  std::optional<std::string> find_known_connection(const TeamScope& team, std::string_view slug) override {
    const LoadedDocumentPointer known = loaded_.find_known(team, slug);
    if (!known || !known->plan) return std::nullopt;
    return (*known->plan)->connection;
  }
  void note_change() override { reconciler_.note_change(); }

 private:
  // All levels that a save needs; the document when there is no error.
  Result<DashboardDocument> check(const CallContext& context, const SaveDashboard& input, const std::string& slug) {
    auto outcome = validate(context, {.yaml = input.yaml, .slug = slug, .dry_run = input.dry_run});
    if (!outcome) {
      Error error = outcome.error();
      const bool out_of_reach = error.code == ErrorCode::unavailable || error.code == ErrorCode::failed_precondition;
      if (input.dry_run && out_of_reach) error.message += " (to save without trying the queries, add ?dry_run=false)";
      return fail(std::move(error));
    }
    Validation& validation = *outcome;
    if (!validation.report.valid) return fail(validation_error(validation.report));
    if (input.provenance.is_object() && json::serialize(input.provenance).size() > kProvenanceBytesMax) {
      return fail(ErrorCode::invalid_argument, "provenance_too_large", str("provenance may have at most ", kProvenanceBytesMax, " bytes"));
    }
    return std::move(*validation.document);
  }

  Result<std::string> choose_slug(const SaveDashboard& input) {
    if (input.slug) {
      if (is_slug(*input.slug)) return *input.slug;
      return bad_field({.path = "slug",
                        .code = "bad_format",
                        .message = "a slug has 1 to 63 of a-z, 0-9 and -",
                        .got = input.slug->substr(0, 100),
                        .suggestion = make_slug(*input.slug)});
    }
    const auto document = parse_document(input.yaml);
    if (!document) return fail(document.error());
    if (!document->slug.text.empty()) return document->slug.text;
    std::string slug = make_slug(document->title);
    if (slug.empty())
      return fail(ErrorCode::invalid_argument, "slug_missing", "The document needs a slug: none can be made from its title");
    return slug;
  }

  // "name", else "name-2", "name-3", …; a slug that the document itself names is changed with it.
  Result<std::string> find_free_slug(const CallContext& context, const TeamScope& team, const std::string& wanted, std::string& yaml) {
    for (int i = 1; i <= kSlugAttemptsMax; ++i) {
      const std::string suffix = i == 1 ? "" : str("-", i);
      const std::string slug = wanted.substr(0, 63 - suffix.size()) + suffix;
      if (TRY(find_document_file(context, parts_.store, team, slug))) continue;
      if (const auto document = parse_document(yaml); document && !document->slug.text.empty() && document->slug.text != slug)
        yaml = TRY(rewrite_slug(yaml, slug));
      return slug;
    }
    return slug_conflict(wanted);
  }

  static Result<> check_precondition(const LoadedDocument& current, std::string_view slug, const Precondition& precondition) {
    if (precondition.etag && *precondition.etag != "*" && *precondition.etag != current.etag) return version_conflict(slug);
    if (precondition.version && *precondition.version != current.meta.version) return version_conflict(slug);
    return {};
  }

  // The old text goes into the history before the new one takes its place, so that whoever wins, every version is kept.
  Result<DashboardMetadata> replace_loaded(const CallContext& context, const TeamScope& team, std::string_view slug,
                                           const LoadedDocument& current, std::string_view yaml, json::value provenance,
                                           std::string_view action) {
    TRY(history_.put(context, team, slug, current));
    crash_point("after_history_put");
    // A file that was put back by hand may tell of a version before the last.
    const auto versions = TRY(history_.list_versions(context, team, slug));
    DocumentMeta meta = with_views(context, team, slug, current.meta);
    meta.version = std::max(current.meta.version, versions.back()) + 1;
    meta.updated_at = std::max(parts_.clock->now(), *current.meta.created_at);
    meta.provenance = std::move(provenance);
    auto saved = commit(context, team, slug, yaml, std::move(meta), current.generation, action);
    if (!saved && saved.error().code == ErrorCode::aborted) return version_conflict(slug);
    return saved;
  }

  // The conditional write of the YAML is the save; all that follows can be made from it again.
  Result<DashboardMetadata> commit(const CallContext& context, const TeamScope& team, std::string_view slug, std::string_view yaml,
                                   DocumentMeta meta, Generation expected, std::string_view action) {
    meta.content_hash = content_hash(yaml);
    const std::string text = TRY(rewrite_meta(yaml, meta));
    if (text.size() > kDocumentBytesMax) {
      return fail(ErrorCode::invalid_argument, "too_large",
                  str("The document with its meta block has more than ", format_count(kDocumentBytesMax), " bytes: shorten it"));
    }
    const Generation generation = TRY(parts_.store.put(context, yaml_key(team, slug), text, expected));
    crash_point("after_yaml_put");
    const IndexEntry entry = TRY(make_index_entry(slug, text, generation));
    reconciler_.record(context, team, entry, action);
    history_.prune(context, team, slug);
    return make_metadata(entry, parts_.store.url(yaml_key(team, slug)), {});
  }

  DashboardMetadata metadata_of(const TeamScope& team, const IndexEntry& entry) {
    return make_metadata(entry, parts_.store.url(yaml_key(team, entry.slug)), views_.find_pending(team, entry.slug));
  }

  // Views until now: those of the index (or, without one, of the file) and those that are not written yet.
  DocumentMeta with_views(const CallContext& context, const TeamScope& team, std::string_view slug, DocumentMeta meta) {
    if (const auto entries = index_->read(context, team)) {
      if (const auto entry = (*entries)->find(std::string(slug)); entry != (*entries)->end()) {
        meta.access_count = std::max(meta.access_count, entry->second.access_count);
        meta.last_accessed = std::max(meta.last_accessed, entry->second.last_accessed);
      }
    }
    const PendingViews pending = views_.find_pending(team, slug);
    meta.access_count += pending.count;
    if (pending.count > 0) meta.last_accessed = pending.last;
    return meta;
  }

  DashboardServiceParts parts_;
  std::unique_ptr<DashboardIndex> index_;
  LoadedDocuments loaded_;
  DashboardHistory history_;
  Reconciler reconciler_;
  ViewCounts views_;
};

}  // namespace

std::unique_ptr<DashboardService> make_dashboard_service(DashboardServiceParts parts) {
  return std::make_unique<StoredDashboards>(std::move(parts));
}

}  // namespace bridge
