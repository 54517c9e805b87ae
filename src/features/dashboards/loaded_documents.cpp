#include "features/dashboards/loaded_documents.h"

#include "base/text.h"
#include "features/dashboard_documents/meta_text.h"
#include "features/dashboards/dashboard_files.h"
#include "features/dashboards/index_entry.h"

namespace bridge {
namespace {

constexpr std::size_t kLoadedMax = 512;
constexpr std::size_t kLoadedTextBytesMax = 32 << 20;  // what is made of a text takes some times as much

std::string etag_of(const DocumentMeta& meta, std::string_view text) {
  const std::string hash = content_hash(text);
  return meta.content_hash == hash ? str(meta.version) : str(meta.version, "-", hash.substr(hash.size() - 8));
}

LoadedDocumentPointer make_loaded(std::string_view slug, Object object) {
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
  return std::make_shared<const LoadedDocument>(LoadedDocument{std::move(object.content), object.generation, std::move(meta), has_meta,
                                                               std::move(etag), std::move(document), std::move(plan)});
}

}  // namespace

std::unexpected<Error> no_dashboard(std::string_view slug) {
  return fail(ErrorCode::not_found, str("There is no dashboard '", slug.substr(0, 100), "'"));
}

LoadedDocuments::LoadedDocuments(ObjectStore& store)
    : store_(store), loaded_({.cost_max = kLoadedTextBytesMax, .entries_max = kLoadedMax}) {}

Result<LoadedDocumentPointer> LoadedDocuments::load(const CallContext& context, const TeamScope& team, std::string_view slug) {
  if (!is_slug(slug)) return no_dashboard(slug);
  auto object = TRY(find_document_file(context, store_, team, slug));
  const std::string key = yaml_key(team, slug);
  if (!object) {
    loaded_.erase(key);
    return no_dashboard(slug);
  }
  if (const auto known = loaded_.find(key); known && (*known)->generation == object->generation) return *known;
  LoadedDocumentPointer loaded = make_loaded(slug, std::move(*object));
  loaded_.put(key, loaded);
  return loaded;
}

LoadedDocumentPointer LoadedDocuments::find_known(const TeamScope& team, std::string_view slug) {
  return loaded_.find(yaml_key(team, slug)).value_or(nullptr);
}

}  // namespace bridge
