#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "features/dashboard_compiler/plan.h"
#include "features/dashboard_documents/document.h"
#include "platform/object_store/object_store.h"
#include "platform/work/lru_cache.h"

namespace bridge {

// A document as it was read from the store, with all that is made of it. Immutable.
struct LoadedDocument {
  std::string text;
  Generation generation = 0;
  DocumentMeta meta;  // version at least 1, times never missing
  bool has_meta = false;
  std::string etag;                          // "3"; "3-1f2e3d4c" for a text that was changed without the server
  Result<DashboardDocument> document;        // or why it is none
  Result<std::shared_ptr<const Plan>> plan;  // or why there is none
};
using LoadedDocumentPointer = std::shared_ptr<const LoadedDocument>;

std::unexpected<Error> no_dashboard(std::string_view slug);

// The documents of the store, each read at every call and parsed and compiled once for each write of it. Thread-safe.
class LoadedDocuments final {
 public:
  // `store` must outlive it.
  explicit LoadedDocuments(ObjectStore& store);

  // not_found when there is none.
  Result<LoadedDocumentPointer> load(const CallContext& context, const TeamScope& team, std::string_view slug);
  // As it was last read here, without asking the store; null when it is not in memory.
  LoadedDocumentPointer find_known(const TeamScope& team, std::string_view slug);

 private:
  struct TextCost {
    std::size_t operator()(const std::string&, const LoadedDocumentPointer& loaded) const { return loaded->text.size(); }
  };

  ObjectStore& store_;
  LruCache<std::string, LoadedDocumentPointer, TextCost> loaded_;
};

}  // namespace bridge
