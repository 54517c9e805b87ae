#include "features/dashboards/index_entry.h"

#include "features/dashboard_documents/meta_text.h"

namespace bridge {
namespace {

// Times of a file that says none: generations of every store are microseconds since 1970.
Time time_of(Generation generation) { return Time(std::chrono::microseconds(generation)); }

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

}  // namespace

Result<IndexEntry> make_index_entry(std::string_view slug, std::string_view text, Generation generation) {
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

DocumentMeta complete_meta(DocumentMeta meta, Generation generation) {
  meta.version = std::max(meta.version, 1);
  if (!meta.updated_at) meta.updated_at = time_of(generation);
  if (!meta.created_at) meta.created_at = meta.updated_at;
  return meta;
}

void keep_views(IndexEntry& entry, const IndexEntry& known) {
  entry.access_count = std::max(entry.access_count, known.access_count);
  entry.last_accessed = std::max(entry.last_accessed, known.last_accessed);
}

bool put_entry(IndexEntries& entries, IndexEntry entry) {
  const auto current = entries.find(entry.slug);
  if (current != entries.end()) {
    if (current->second.generation > entry.generation) return false;
    keep_views(entry, current->second);
  }
  std::string slug = entry.slug;
  entries.insert_or_assign(std::move(slug), std::move(entry));
  return true;
}

DashboardMetadata make_metadata(const IndexEntry& entry, std::string gcs_yaml_path, const PendingViews& pending) {
  DashboardMetadata metadata{.slug = entry.slug,
                             .title = entry.title,
                             .description = entry.description,
                             .gcs_yaml_path = std::move(gcs_yaml_path),
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

}  // namespace bridge
