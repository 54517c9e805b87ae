#include "features/dashboards/dashboard_history.h"

#include <charconv>

#include "base/text.h"
#include "features/dashboard_documents/meta_text.h"
#include "features/dashboards/dashboard_files.h"
#include "features/dashboards/index_entry.h"
#include "features/dashboards/limits.h"
#include "features/dashboards/text_diff.h"

namespace bridge {
namespace {

DashboardVersion version_of(const DocumentMeta& meta, std::string_view text) {
  return {.version = meta.version, .updated_at = meta.updated_at, .content_hash = content_hash(text), .diff = ""};
}

}  // namespace

Result<> DashboardHistory::put(const CallContext& context, const TeamScope& team, std::string_view slug, const LoadedDocument& current) {
  TRY(store_.put(context, history_key(team, slug, current.meta.version), current.text, kAnyGeneration));
  return {};
}

Result<std::string> DashboardHistory::get(const CallContext& context, const TeamScope& team, std::string_view slug, int version) {
  auto archived = store_.get(context, history_key(team, slug, version));
  if (archived) return std::move(archived->content);
  if (archived.error().code != ErrorCode::not_found) return fail(std::move(archived).error());
  std::vector<std::string> known;
  for (const int one : TRY(list_versions(context, team, slug))) known.push_back(str(one));
  return fail(ErrorCode::not_found, str("The dashboard '", slug, "' has no earlier version ", version,
                                        known.empty() ? "" : str("; there are ", join(known, ", "))));
}

Result<std::vector<int>> DashboardHistory::list_versions(const CallContext& context, const TeamScope& team, std::string_view slug) {
  const std::string folder = history_folder(team, slug);
  std::vector<int> versions;
  for (const ObjectName& object : TRY(store_.list(context, folder))) {
    const std::string_view name = std::string_view(object.key).substr(folder.size());
    int version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error == std::errc{} && std::string_view(end, static_cast<std::size_t>(name.data() + name.size() - end)) == ".yaml" && version > 0)
      versions.push_back(version);
  }
  std::ranges::sort(versions);
  return versions;
}

Result<std::vector<DashboardVersion>> DashboardHistory::describe(const CallContext& context, const TeamScope& team, std::string_view slug,
                                                                 const LoadedDocument& current, std::size_t limit) {
  std::vector<int> versions = TRY(list_versions(context, team, slug));
  std::erase_if(versions, [&](int version) { return version >= current.meta.version; });
  std::vector<DashboardVersion> out;
  DashboardVersion newer = version_of(current.meta, current.text);
  std::string newer_content = content_of(current.text);
  while (out.size() < limit && !versions.empty()) {
    auto object = store_.get(context, history_key(team, slug, versions.back()));
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

void DashboardHistory::prune(const CallContext& context, const TeamScope& team, std::string_view slug) {
  const auto versions = list_versions(context, team, slug);
  if (!versions) return;
  for (std::size_t i = 0; i + dashboard_limits::kHistoryMax < versions->size(); ++i)
    (void)store_.remove(context, history_key(team, slug, (*versions)[i]));
}

}  // namespace bridge
