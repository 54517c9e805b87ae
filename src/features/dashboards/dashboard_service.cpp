#include "features/dashboards/dashboard_service.h"

#include <charconv>
#include <unordered_set>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "features/dashboard_documents/document_json.h"
#include "features/dashboard_documents/limits.h"
#include "features/dashboard_documents/meta_text.h"
#include "features/dashboards/crash_point.h"
#include "features/dashboards/dashboard_index.h"
#include "features/dashboards/dashboard_store.h"
#include "features/dashboards/limits.h"
#include "features/dashboards/text_diff.h"
#include "features/teams/audit.h"
#include "platform/work/lru_cache.h"
#include "platform/work/periodic_task.h"

namespace bridge {
namespace {

using namespace document_limits;
using namespace dashboard_limits;

constexpr std::size_t kLoadedMax = 512;
constexpr std::size_t kLoadedTextBytesMax = 32 << 20;  // what is made of a text takes some times as much
constexpr int kSlugAttemptsMax = 100;
constexpr std::size_t kProvenanceBytesMax = 16 << 10;

// A document as it was read from the store, with all that is made of it.
struct Loaded {
  std::string text;
  Generation generation = 0;
  DocumentMeta meta;  // version at least 1, times never missing
  bool has_meta = false;
  std::string etag;
  Result<DashboardDocument> document;
  Result<std::shared_ptr<const Plan>> plan;
};
using LoadedPointer = std::shared_ptr<const Loaded>;

struct TextCost {
  std::size_t operator()(const std::string&, const LoadedPointer& loaded) const { return loaded->text.size(); }
};

struct Views {
  std::int64_t count = 0;
  Time last;
};

std::unexpected<Error> no_dashboard(std::string_view slug) {
  return fail(ErrorCode::not_found, str("There is no dashboard '", slug.substr(0, 100), "'"));
}
std::unexpected<Error> version_conflict(std::string_view slug) {
  return fail(ErrorCode::aborted, "version_conflict",
              str("The dashboard '", slug, "' has changed since: read it again, then repeat the change"));
}
std::unexpected<Error> slug_conflict(std::string_view slug) {
  return fail(ErrorCode::already_exists, "slug_conflict",
              str("There is a dashboard '", slug, "' already: choose another slug, or replace that one"));
}

// Times of a file that says none: generations of every store are microseconds since 1970.
Time time_of(Generation generation) { return Time(std::chrono::microseconds(generation)); }

DocumentMeta complete_meta(DocumentMeta meta, Generation generation) {
  meta.version = std::max(meta.version, 1);
  if (!meta.updated_at) meta.updated_at = time_of(generation);
  if (!meta.created_at) meta.created_at = meta.updated_at;
  return meta;
}

// "3"; "3-1f2e3d4c" for a text that was changed without the server.
std::string etag_of(const DocumentMeta& meta, std::string_view text) {
  const std::string hash = content_hash(text);
  return meta.content_hash == hash ? str(meta.version) : str(meta.version, "-", hash.substr(hash.size() - 8));
}

std::string text_of(const YamlNode& root, std::string_view key) {
  const YamlNode* node = root.find(key);
  return node && node->kind == YamlNode::Kind::text ? node->text : std::string();
}

void add_schedule(const YamlNode& node, std::vector<std::string>& schedules) {
  const YamlNode* cache = node.find("cache");
  std::string text = cache ? text_of(*cache, "refresh") : std::string();
  if (text.empty() || std::ranges::find(schedules, text) != schedules.end()) return;
  schedules.push_back(std::move(text));
}

std::vector<std::string> schedules_of(const YamlNode& root) {
  std::vector<std::string> schedules;
  add_schedule(root, schedules);
  if (const YamlNode* queries = root.find("queries")) {
    for (const YamlNode& query : queries->items) add_schedule(query, schedules);
  }
  return schedules;
}

// From any text that is a YAML mapping: what is missing or wrong gets a default, so that every file that can be read is listed.
Result<IndexEntry> make_entry(std::string_view slug, std::string_view text, Generation generation) {
  const YamlNode root = TRY(parse_yaml(text));
  if (root.kind != YamlNode::Kind::map) return fail(ErrorCode::invalid_argument, "invalid_document", "The file holds no mapping");
  const DocumentMeta meta = complete_meta(read_meta(root), generation);
  IndexEntry entry{.slug = std::string(slug), .title = text_of(root, "title"), .description = text_of(root, "description")};
  if (entry.title.empty()) entry.title = entry.slug;
  entry.view_type = enum_value<ViewType>(text_of(root, "view_type")).value_or(ViewType::analytical);
  entry.owner_email = text_of(root, "owner_email");
  if (const YamlNode* tags = root.find("tags")) {
    for (const YamlNode& tag : tags->items) entry.tags.push_back(tag.text);
  }
  entry.connection = text_of(root, "connection");
  entry.version = meta.version;
  entry.generation = generation;
  entry.created_at = *meta.created_at;
  entry.updated_at = *meta.updated_at;
  entry.content_hash = content_hash(text);
  entry.access_count = meta.access_count;
  entry.last_accessed = meta.last_accessed;
  entry.schedules = schedules_of(root);
  return entry;
}

LoadedPointer make_loaded(std::string_view slug, Object object) {
  auto document = parse_document(object.content);
  DocumentMeta meta;
  bool has_meta = false;
  if (const auto root = parse_yaml(object.content)) {
    meta = read_meta(*root);
    has_meta = root->find("meta") != nullptr;
  }
  meta = complete_meta(std::move(meta), object.generation);
  Result<std::shared_ptr<const Plan>> plan = fail(ErrorCode::internal, "");
  if (document) {
    document->meta = meta;
    auto compiled = compile_dashboard(*document);
    if (compiled) {
      compiled->slug = std::string(slug);
      plan = std::make_shared<const Plan>(std::move(*compiled));
    } else {
      plan = fail(std::move(compiled).error());
    }
  } else {
    plan = fail(document.error());
  }
  std::string etag = etag_of(meta, object.content);
  return std::make_shared<const Loaded>(Loaded{std::move(object.content), object.generation, std::move(meta), has_meta, std::move(etag),
                                               std::move(document), std::move(plan)});
}

DashboardMetadata metadata_of(const IndexEntry& entry, const ObjectStore& store, const TeamScope& team, const Views& pending) {
  DashboardMetadata metadata{.slug = entry.slug,
                             .title = entry.title,
                             .description = entry.description,
                             .gcs_yaml_path = store.url(yaml_key(team, entry.slug)),
                             .view_type = entry.view_type};
  if (!entry.owner_email.empty()) metadata.owner_email = entry.owner_email;
  metadata.tags = entry.tags;
  metadata.connection = entry.connection;
  metadata.version = entry.version;
  metadata.created_at = entry.created_at;
  metadata.updated_at = entry.updated_at;
  metadata.access_count = entry.access_count + pending.count;
  metadata.last_accessed = pending.count > 0 ? std::optional(pending.last) : entry.last_accessed;
  return metadata;
}

// An entry never replaces that of a later write of the file, and never forgets views.
bool upsert(IndexEntries& entries, IndexEntry entry) {
  const auto current = entries.find(entry.slug);
  if (current != entries.end()) {
    if (current->second.generation > entry.generation) return false;
    entry.access_count = std::max(entry.access_count, current->second.access_count);
    entry.last_accessed = std::max(entry.last_accessed, current->second.last_accessed);
  }
  std::string slug = entry.slug;
  entries.insert_or_assign(std::move(slug), std::move(entry));
  return true;
}

// The slug of "dashboards/{team}/{slug}.yaml"; nothing for keys deeper down and other files.
std::optional<std::string> slug_of_key(std::string_view key, std::string_view folder) {
  if (!key.starts_with(folder) || !key.ends_with(".yaml")) return std::nullopt;
  const std::string_view slug = key.substr(folder.size(), key.size() - folder.size() - 5);
  return is_slug(slug) ? std::optional(std::string(slug)) : std::nullopt;
}

struct SortKey {
  std::string_view name;
  std::string (*of)(const DashboardMetadata&);
};
std::string padded(std::int64_t number) {
  const std::string digits = str(number);
  return std::string(20 - std::min<std::size_t>(digits.size(), 20), '0') + digits;
}
constexpr SortKey kSortKeys[] = {{"title", [](const DashboardMetadata& d) { return lower(d.title); }},
                                 {"slug", [](const DashboardMetadata& d) { return d.slug; }},
                                 {"created_at", [](const DashboardMetadata& d) { return padded(d.created_at.time_since_epoch().count()); }},
                                 {"updated_at", [](const DashboardMetadata& d) { return padded(d.updated_at.time_since_epoch().count()); }},
                                 {"access_count", [](const DashboardMetadata& d) { return padded(d.access_count); }},
                                 {"last_accessed", [](const DashboardMetadata& d) {
                                    return padded(d.last_accessed ? d.last_accessed->time_since_epoch().count() : 0);
                                  }}};

Result<const SortKey*> find_sort_key(std::string_view sort) {
  const std::string_view wanted = sort.substr(sort.starts_with('-') ? 1 : 0);
  std::vector<std::string> allowed;
  for (const SortKey& key : kSortKeys) {
    if (key.name == wanted) return &key;
    allowed.emplace_back(key.name);
  }
  Violation violation{.path = "sort",
                      .code = "unknown_value",
                      .message = str("'", wanted.substr(0, 100), "' is not one of ", join(allowed, ", ")),
                      .got = std::string(sort.substr(0, 100))};
  violation.suggestion = nearest_name(wanted, allowed).value_or("");
  violation.allowed = std::move(allowed);
  return fail(Error{.code = ErrorCode::invalid_argument, .message = violation.message, .violations = {violation}});
}

bool matches(const DashboardMetadata& item, const ListDashboards& input) {
  if (input.view_type && item.view_type != *input.view_type) return false;
  if (input.owner && lower(item.owner_email.value_or("")) != lower(*input.owner)) return false;
  if (!input.query) return true;
  const std::string text = lower(str(item.slug, " ", item.title, " ", item.description, " ", join(item.tags, " ")));
  for (const std::string& word : split(lower(*input.query), ' ')) {
    if (!word.empty() && text.find(word) == std::string::npos) return false;
  }
  return true;
}

class StoredDashboards final : public DashboardService {
 public:
  explicit StoredDashboards(DashboardServiceParts parts)
      : parts_(std::move(parts)),
        index_(make_dashboard_index(parts_.store)),
        flusher_(start_periodic_task({.name = "counters of views", .interval = kAccessFlushInterval},
                                     [this](const std::stop_token&) { (void)flush_access_counters({}); })) {}

  ~StoredDashboards() override {
    flusher_->stop();
    (void)guarded([&] { return flush_access_counters({}); });
  }

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
    if (TRY(find_object(context, team, slug))) return slug_conflict(slug);
    const auto entries = index_->read(context, team);
    if (entries && (*entries)->size() >= kDashboardsMax) {
      return fail(ErrorCode::resource_exhausted, "too_many_dashboards",
                  str("A team may have at most ", kDashboardsMax, " dashboards: delete some first"));
    }
    // Versions go on where an earlier dashboard of this name ended, so that no version ever names two contents.
    const auto versions = TRY(history_versions(context, team, slug));
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
    const LoadedPointer current = TRY(load(context, team, slug));
    TRY(check_precondition(*current, slug, precondition));
    TRY(check(context, input, std::string(slug)));
    json::value provenance = input.provenance.is_object() ? input.provenance : current->meta.provenance;
    return replace_loaded(context, team, slug, *current, input.yaml, std::move(provenance), "dashboard.update");
  }

  Result<DashboardMetadata> restore(const CallContext& context, std::string_view slug, int version,
                                    const Precondition& precondition) override {
    const TeamScope team = context.team();
    const LoadedPointer current = TRY(load(context, team, slug));
    TRY(check_precondition(*current, slug, precondition));
    auto archived = parts_.store.get(context, history_key(team, slug, version));
    if (!archived) {
      if (archived.error().code != ErrorCode::not_found) return fail(std::move(archived).error());
      const auto versions = TRY(history_versions(context, team, slug));
      std::vector<std::string> known;
      for (const int one : versions) known.push_back(str(one));
      return fail(ErrorCode::not_found, str("The dashboard '", slug, "' has no earlier version ", version,
                                            known.empty() ? "" : str("; there are ", join(known, ", "))));
    }
    const DashboardDocument document = TRY(check(context, {.yaml = archived->content}, std::string(slug)));
    return replace_loaded(context, team, slug, *current, archived->content, document.meta.provenance, "dashboard.restore");
  }

  Result<> remove(const CallContext& context, std::string_view slug, const Precondition& precondition) override {
    const TeamScope team = context.team();
    const LoadedPointer current = TRY(load(context, team, slug));
    TRY(check_precondition(*current, slug, precondition));
    TRY(parts_.store.put(context, history_key(team, slug, current->meta.version), current->text, kAnyGeneration));
    crash_point("after_history_put");
    if (auto removed = parts_.store.remove(context, yaml_key(team, slug), current->generation); !removed) {
      return removed.error().code == ErrorCode::aborted || removed.error().code == ErrorCode::not_found ? version_conflict(slug)
                                                                                                        : fail(std::move(removed).error());
    }
    crash_point("after_yaml_remove");
    settle(context, team, slug, [&]() -> Result<> { return forget(context, team, slug, *current, "dashboard.delete"); });
    return {};
  }

  // ---- reading ----

  Result<DashboardPage> list(const CallContext& context, const ListDashboards& input) override {
    const TeamScope team = context.team();
    const SortKey* key = TRY(find_sort_key(input.sort));
    const bool descending = input.sort.starts_with('-');
    const auto entries = TRY(settled_entries(context, team));
    struct Item {
      std::string key;
      DashboardMetadata metadata;
    };
    std::vector<Item> found;
    for (const auto& [slug, entry] : *entries) {
      DashboardMetadata metadata = metadata_of(entry, parts_.store, team, pending_views(team, slug));
      if (matches(metadata, input)) found.push_back({key->of(metadata), std::move(metadata)});
    }
    const auto before = [&](const std::string& a, const std::string& a_slug, const std::string& b, const std::string& b_slug) {
      if (a != b) return descending ? a > b : a < b;
      return a_slug < b_slug;
    };
    std::ranges::sort(found, [&](const Item& a, const Item& b) { return before(a.key, a.metadata.slug, b.key, b.metadata.slug); });
    DashboardPage page{.total = static_cast<std::int64_t>(found.size())};
    auto from = found.begin();
    if (!input.cursor.empty()) {
      const auto cursor = decode_base64url(input.cursor);
      const auto cut = cursor ? cursor->rfind('\x1f') : std::string::npos;
      if (cut == std::string::npos)
        return fail(ErrorCode::invalid_argument, "bad_cursor", "cursor must be the next_cursor of the page before");
      const std::string last = cursor->substr(0, cut), last_slug = cursor->substr(cut + 1);
      from = std::ranges::find_if(found, [&](const Item& item) { return before(last, last_slug, item.key, item.metadata.slug); });
    }
    for (; from != found.end(); ++from) {
      if (page.items.size() == static_cast<std::size_t>(std::max(input.limit, 1))) {
        const Item& last = *std::prev(from);
        page.next_cursor = encode_base64url(str(last.key, '\x1f', page.items.back().slug));
        break;
      }
      page.items.push_back(from->metadata);
    }
    return page;
  }

  Result<DashboardMetadata> get(const CallContext& context, std::string_view slug) override {
    const TeamScope team = context.team();
    const LoadedPointer loaded = TRY(load(context, team, slug));
    const auto entries = TRY(settled_entries(context, team));
    const auto entry = entries->find(std::string(slug));
    if (entry != entries->end() && entry->second.generation == loaded->generation)
      return metadata_of(entry->second, parts_.store, team, pending_views(team, slug));
    // The file was written by somebody else, or by a process that died before it was done.
    auto made = make_entry(slug, loaded->text, loaded->generation);
    if (!made) return fail(std::move(made).error());
    settle(context, team, slug, [&]() -> Result<> { return record(context, team, *made, ""); });
    return metadata_of(*made, parts_.store, team, pending_views(team, slug));
  }

  Result<DashboardText> get_text(const CallContext& context, std::string_view slug) override {
    const TeamScope team = context.team();
    const LoadedPointer loaded = TRY(load(context, team, slug));
    DashboardText out{.yaml = loaded->text, .etag = loaded->etag, .version = loaded->meta.version};
    if (!loaded->has_meta) return out;
    if (auto merged = rewrite_meta(loaded->text, with_views(context, team, slug, loaded->meta))) out.yaml = std::move(*merged);
    return out;
  }

  Result<DashboardJson> get_document(const CallContext& context, std::string_view slug) override {
    const LoadedPointer loaded = TRY(load(context, context.team(), slug));
    if (!loaded->document) return fail(loaded->document.error());
    return DashboardJson{make_document_json(*loaded->document, slug), loaded->etag};
  }

  Result<std::vector<DashboardVersion>> get_history(const CallContext& context, std::string_view slug, std::size_t limit) override {
    const TeamScope team = context.team();
    const LoadedPointer current = TRY(load(context, team, slug));
    std::vector<int> versions = TRY(history_versions(context, team, slug));
    std::erase_if(versions, [&](int version) { return version >= current->meta.version; });
    std::vector<DashboardVersion> out;
    DashboardVersion newer = version_of(current->meta, current->text);
    std::string newer_content = content_of(current->text);
    while (out.size() < limit && !versions.empty()) {
      auto object = parts_.store.get(context, history_key(team, slug, versions.back()));
      versions.pop_back();
      if (!object) continue;  // pruned meanwhile
      const auto root = parse_yaml(object->content);
      const DocumentMeta meta = complete_meta(root ? read_meta(*root) : DocumentMeta{}, object->generation);
      std::string content = content_of(object->content);
      newer.diff =
          unified_diff(content, newer_content, str(slug, ".yaml, version ", meta.version), str(slug, ".yaml, version ", newer.version));
      out.push_back(std::move(newer));
      newer = version_of(meta, object->content);
      newer_content = std::move(content);
    }
    if (out.size() < limit) out.push_back(std::move(newer));
    return out;
  }

  Result<std::vector<std::string>> list_users_of_connection(const CallContext& context, std::string_view connection) override {
    const auto entries = TRY(settled_entries(context, context.team()));
    std::vector<std::string> slugs;
    for (const auto& [slug, entry] : *entries) {
      if (entry.connection == connection) slugs.push_back(slug);
    }
    return slugs;
  }

  Result<std::vector<ScheduledDashboard>> list_scheduled(const CallContext& context) override {
    const auto entries = TRY(settled_entries(context, context.team()));
    std::vector<ScheduledDashboard> scheduled;
    for (const auto& [slug, entry] : *entries) {
      if (!entry.schedules || !entry.schedules->empty()) scheduled.push_back({slug, entry.schedules});
    }
    return scheduled;
  }

  // ---- mending ----

  Result<RebuildReport> rebuild_index(const CallContext& context) override {
    const TeamScope team = context.team();
    RebuildReport report;
    IndexEntries made;
    for (const auto& [slug, generation] : TRY(list_files(context, team))) {
      auto object = parts_.store.get(context, yaml_key(team, slug));
      auto entry = object ? make_entry(slug, object->content, object->generation) : Result<IndexEntry>(fail(object.error()));
      if (entry) made[slug] = std::move(*entry);
      else report.unreadable.push_back({yaml_key(team, slug), entry.error().message});
    }
    TRY(index_->update(context, team, [&](IndexEntries& entries) {
      IndexEntries fresh = made;
      for (auto& [slug, entry] : fresh) {
        const auto known = entries.find(slug);
        if (known == entries.end()) continue;
        entry.access_count = std::max(entry.access_count, known->second.access_count);
        entry.last_accessed = std::max(entry.last_accessed, known->second.last_accessed);
      }
      entries = std::move(fresh);
      return true;
    }));
    report.dashboards = static_cast<std::int64_t>(made.size());
    report.removed_pointers = TRY(mend_pointers(context, team, made)).removed;
    note_change();
    return report;
  }

  Result<std::int64_t> reconcile(const CallContext& context) override {
    const TeamScope team = context.team();
    auto known = index_->read(context, team);
    if (!known && known.error().code != ErrorCode::data_loss) return fail(std::move(known).error());
    const IndexEntries before = known ? **known : IndexEntries{};
    // The index was read first: what it names and the folder then does not hold is gone.
    const auto files = TRY(list_files(context, team));
    std::vector<IndexEntry> changed;
    for (const auto& [slug, generation] : files) {
      const auto entry = before.find(slug);
      if (entry != before.end() && entry->second.generation == generation && entry->second.schedules) continue;
      auto object = parts_.store.get(context, yaml_key(team, slug));
      if (!object) continue;
      if (auto made = make_entry(slug, object->content, object->generation)) changed.push_back(std::move(*made));
      else log_warning("dashboard_unreadable", {{"key", yaml_key(team, slug)}, {"error", made.error().message}});
    }
    std::vector<const IndexEntry*> gone;
    for (const auto& [slug, entry] : before) {
      if (!files.contains(slug)) gone.push_back(&entry);
    }
    if (!known || !changed.empty() || !gone.empty()) {
      TRY(index_->update(context, team, [&](IndexEntries& entries) {
        for (const IndexEntry& entry : changed) upsert(entries, entry);
        for (const IndexEntry* entry : gone) {
          const auto current = entries.find(entry->slug);
          if (current != entries.end() && current->second.generation == entry->generation) entries.erase(current);
        }
        return true;
      }));
      note_change();
    }
    const Mended mended = TRY(mend_pointers(context, team, *TRY(index_->read(context, team))));
    return static_cast<std::int64_t>(std::max(changed.size() + gone.size(), static_cast<std::size_t>(mended.written + mended.removed)));
  }

  Result<std::int64_t> reconcile_all(const CallContext& context) override {
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

  // ---- counting views ----

  Result<> flush_access_counters(const CallContext& context) override {
    std::map<TeamId, std::map<std::string, Views>> taken;
    {
      const std::lock_guard lock(views_mutex_);
      taken.swap(views_);
      views_size_ = 0;
    }
    Result<> outcome;
    for (auto& [team_id, views] : taken) {
      const auto done = index_->update(context, TeamScope(team_id), [&](IndexEntries& entries) {
        bool any = false;
        for (const auto& [slug, view] : views) {
          const auto entry = entries.find(slug);
          if (entry == entries.end()) continue;
          entry->second.access_count += view.count;
          entry->second.last_accessed = std::max(entry->second.last_accessed, std::optional(view.last));
          any = true;
        }
        return any;
      });
      if (done) continue;
      for (const auto& [slug, view] : views) add_views(TeamScope(team_id), slug, view);
      outcome = done;
    }
    return outcome;
  }

  void count_view(const TeamScope& team, std::string_view slug) override { add_views(team, slug, {1, parts_.clock->now()}); }

  // ---- plans ----

  Result<std::shared_ptr<const Plan>> get_plan(const CallContext& context, std::string_view slug) override {
    return TRY(load(context, context.team(), slug))->plan;
  }
  std::uint64_t change_count() const override {
    return changes_.load(std::memory_order_acquire) + (parts_.connections ? parts_.connections->change_count() : 0);
  }
  std::optional<std::string> find_known_connection(const TeamScope& team, std::string_view slug) override {
    const auto known = loaded_.find(yaml_key(team, slug));
    if (!known || !(*known)->plan) return std::nullopt;
    return (*(*known)->plan)->connection;
  }
  void note_change() override { changes_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  struct Mended {
    std::int64_t written = 0;
    std::int64_t removed = 0;
  };

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
      Violation violation{.path = "slug",
                          .code = "bad_format",
                          .message = "a slug has 1 to 63 of a-z, 0-9 and -",
                          .got = input.slug->substr(0, 100),
                          .suggestion = make_slug(*input.slug)};
      return fail(Error{.code = ErrorCode::invalid_argument, .message = violation.message, .violations = {violation}});
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
      if (TRY(find_object(context, team, slug))) continue;
      if (const auto document = parse_document(yaml); document && !document->slug.text.empty() && document->slug.text != slug)
        yaml = TRY(rewrite_slug(yaml, slug));
      return slug;
    }
    return slug_conflict(wanted);
  }

  Result<std::optional<Object>> find_object(const CallContext& context, const TeamScope& team, std::string_view slug) {
    auto object = parts_.store.get(context, yaml_key(team, slug));
    if (object) return std::optional(std::move(*object));
    if (object.error().code == ErrorCode::not_found) return std::optional<Object>();
    return fail(std::move(object).error());
  }

  Result<LoadedPointer> load(const CallContext& context, const TeamScope& team, std::string_view slug) {
    if (!is_slug(slug)) return no_dashboard(slug);
    auto object = TRY(find_object(context, team, slug));
    const std::string key = yaml_key(team, slug);
    if (!object) {
      loaded_.erase(key);
      return no_dashboard(slug);
    }
    if (const auto known = loaded_.find(key); known && (*known)->generation == object->generation) return *known;
    LoadedPointer loaded = make_loaded(slug, std::move(*object));
    loaded_.put(key, loaded);
    return loaded;
  }

  static Result<> check_precondition(const Loaded& current, std::string_view slug, const Precondition& precondition) {
    if (precondition.etag && *precondition.etag != "*" && *precondition.etag != current.etag) return version_conflict(slug);
    if (precondition.version && *precondition.version != current.meta.version) return version_conflict(slug);
    return {};
  }

  // The old text goes into the history before the new one takes its place, so that whoever wins, every version is kept.
  Result<DashboardMetadata> replace_loaded(const CallContext& context, const TeamScope& team, std::string_view slug, const Loaded& current,
                                           std::string_view yaml, json::value provenance, std::string_view action) {
    TRY(parts_.store.put(context, history_key(team, slug, current.meta.version), current.text, kAnyGeneration));
    crash_point("after_history_put");
    // A file that was put back by hand may tell of a version before the last.
    const auto versions = TRY(history_versions(context, team, slug));
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
    const IndexEntry entry = TRY(make_entry(slug, text, generation));
    settle(context, team, slug, [&]() -> Result<> { return record(context, team, entry, action); });
    prune_history(context, team, slug);
    return metadata_of(entry, parts_.store, team, {});
  }

  // What was saved is saved: if the rest fails, it is mended before the team's dashboards are listed again.
  void settle(const CallContext& context, const TeamScope& team, std::string_view slug, const std::function<Result<>()>& work) {
    note_change();
    if (const auto done = work(); !done) {
      log_warning("dashboard_not_settled",
                  {{"slug", std::string(slug)}, {"correlation_id", context.correlation_id}, {"error", describe_error(done.error())}});
      const std::lock_guard lock(unsettled_mutex_);
      unsettled_.insert(team.team_id());
    }
    if (parts_.on_change) parts_.on_change(team, slug);
    note_change();
  }

  Result<> record(const CallContext& context, const TeamScope& team, const IndexEntry& entry, std::string_view action) {
    TRY(index_->update(context, team, [&](IndexEntries& entries) { return upsert(entries, entry); }));
    crash_point("after_index_put");
    TRY(parts_.database.transact(context, [&](Transaction& transaction) -> Result<> {
      TRY(put_dashboard_row(transaction, team, entry, parts_.store.url(yaml_key(team, entry.slug))));
      if (!action.empty()) TRY(append_audit_event(transaction, context, parts_.clock->now(), action, entry.slug));
      return {};
    }));
    crash_point("after_pointer_write");
    return {};
  }

  Result<> forget(const CallContext& context, const TeamScope& team, std::string_view slug, const Loaded& removed,
                  std::string_view action) {
    {
      const std::lock_guard lock(views_mutex_);
      views_size_ -= views_[team.team_id()].erase(std::string(slug));
    }
    TRY(index_->update(context, team, [&](IndexEntries& entries) {
      const auto entry = entries.find(std::string(slug));
      if (entry == entries.end() || entry->second.generation > removed.generation) return false;
      entries.erase(entry);
      return true;
    }));
    crash_point("after_index_put");
    return parts_.database.transact(context, [&](Transaction& transaction) -> Result<> {
      const auto row = TRY(find_dashboard_row(transaction, team, slug));
      if (row && row->version <= removed.meta.version) TRY(delete_dashboard_row(transaction, team, slug));
      return append_audit_event(transaction, context, parts_.clock->now(), action, slug);
    });
  }

  Result<std::shared_ptr<const IndexEntries>> settled_entries(const CallContext& context, const TeamScope& team) {
    bool unsettled = false;
    {
      const std::lock_guard lock(unsettled_mutex_);
      unsettled = unsettled_.erase(team.team_id()) > 0;
    }
    auto entries = index_->read(context, team);
    if (!unsettled && entries) return entries;
    if (!entries && entries.error().code != ErrorCode::data_loss) return entries;
    if (auto mended = reconcile(context); !mended) {
      const std::lock_guard lock(unsettled_mutex_);
      unsettled_.insert(team.team_id());
      if (!entries) return fail(std::move(mended).error());
    }
    return index_->read(context, team);
  }

  // Slug and generation of every document file.
  Result<std::map<std::string, Generation>> list_files(const CallContext& context, const TeamScope& team) {
    std::map<std::string, Generation> files;
    const std::string folder = dashboards_folder(team);
    for (const ObjectName& object : TRY(parts_.store.list(context, folder))) {
      if (auto slug = slug_of_key(object.key, folder)) files[*slug] = object.generation;
    }
    return files;
  }

  Result<Mended> mend_pointers(const CallContext& context, const TeamScope& team, const IndexEntries& entries) {
    Mended mended;
    std::vector<DashboardRow> rows;
    TRY(parts_.database.read(context, [&](Transaction& transaction) -> Result<> {
      rows = TRY(list_dashboard_rows(transaction, team));
      return {};
    }));
    std::vector<std::string> gone;
    std::map<std::string, const DashboardRow*> by_slug;
    for (const DashboardRow& row : rows) {
      by_slug[row.slug] = &row;
      if (!entries.contains(row.slug) && !TRY(find_object(context, team, row.slug))) gone.push_back(row.slug);
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

  // Numbers of the archived versions, oldest first.
  Result<std::vector<int>> history_versions(const CallContext& context, const TeamScope& team, std::string_view slug) {
    const std::string folder = history_folder(team, slug);
    std::vector<int> versions;
    for (const ObjectName& object : TRY(parts_.store.list(context, folder))) {
      const std::string_view name = std::string_view(object.key).substr(folder.size());
      int version = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
      if (error == std::errc{} && std::string_view(end, static_cast<std::size_t>(name.data() + name.size() - end)) == ".yaml" &&
          version > 0)
        versions.push_back(version);
    }
    std::ranges::sort(versions);
    return versions;
  }

  void prune_history(const CallContext& context, const TeamScope& team, std::string_view slug) {
    const auto versions = history_versions(context, team, slug);
    if (!versions) return;
    for (std::size_t i = 0; i + kHistoryMax < versions->size(); ++i)
      (void)parts_.store.remove(context, history_key(team, slug, (*versions)[i]));
  }

  static DashboardVersion version_of(const DocumentMeta& meta, std::string_view text) {
    return {.version = meta.version, .updated_at = meta.updated_at, .content_hash = content_hash(text), .diff = ""};
  }

  Views pending_views(const TeamScope& team, std::string_view slug) {
    const std::lock_guard lock(views_mutex_);
    const auto views = views_.find(team.team_id());
    if (views == views_.end()) return {};
    const auto view = views->second.find(std::string(slug));
    return view == views->second.end() ? Views{} : view->second;
  }

  // Views until now: those of the index (or, without one, of the file) and those that are not written yet.
  DocumentMeta with_views(const CallContext& context, const TeamScope& team, std::string_view slug, DocumentMeta meta) {
    if (const auto entries = index_->read(context, team)) {
      if (const auto entry = (*entries)->find(std::string(slug)); entry != (*entries)->end()) {
        meta.access_count = std::max(meta.access_count, entry->second.access_count);
        meta.last_accessed = std::max(meta.last_accessed, entry->second.last_accessed);
      }
    }
    const Views pending = pending_views(team, slug);
    meta.access_count += pending.count;
    if (pending.count > 0) meta.last_accessed = pending.last;
    return meta;
  }

  void add_views(const TeamScope& team, std::string_view slug, const Views& views) {
    const std::lock_guard lock(views_mutex_);
    auto& of_team = views_[team.team_id()];
    auto view = of_team.find(std::string(slug));
    if (view == of_team.end()) {
      if (views_size_ >= kPendingCountersMax) return;
      ++views_size_;
      view = of_team.emplace(std::string(slug), Views{}).first;
    }
    view->second.count += views.count;
    view->second.last = std::max(view->second.last, views.last);
  }

  DashboardServiceParts parts_;
  std::unique_ptr<DashboardIndex> index_;
  std::atomic<std::uint64_t> changes_{1};

  LruCache<std::string, LoadedPointer, TextCost> loaded_{{.cost_max = kLoadedTextBytesMax, .entries_max = kLoadedMax}};

  std::mutex views_mutex_;
  std::map<TeamId, std::map<std::string, Views>> views_;
  std::size_t views_size_ = 0;

  std::mutex unsettled_mutex_;
  std::set<TeamId> unsettled_;  // teams whose index or pointers could not be written

  const std::unique_ptr<PeriodicTask> flusher_;  // last: it uses everything above
};

}  // namespace

std::unique_ptr<DashboardService> make_dashboard_service(DashboardServiceParts parts) {
  return std::make_unique<StoredDashboards>(std::move(parts));
}

}  // namespace bridge
