#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/result.h"

namespace bridge {

// Changes with every write of an object; 0 means that there is none.
using Generation = std::int64_t;

struct Object {
  std::string content;
  Generation generation = 0;
};

struct ObjectName {
  std::string key;
  Generation generation = 0;
  std::int64_t size_bytes = 0;
};

// `expected` for a write that replaces whatever is there.
inline constexpr Generation kAnyGeneration = -1;

// Stores whole objects by key ("dashboards/{team}/{slug}.yaml"). Keys are UTF-8, `/`-separated, at most 1,024 bytes, without empty, `.` or
// `..` segments: invalid_argument otherwise. Implementations: filesystem. Thread-safe, also between processes.
// Calls block until done, or return cancelled / deadline_exceeded when `context` says so. A full disk is resource_exhausted ("disk_full").
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Writes the object only if its generation is still `expected` (0: only if there is none); aborted otherwise. Durable when it returns:
  // a reader or a crash sees the old or the new content, never a part.
  virtual Result<Generation> put(const CallContext& context, std::string_view key, std::string_view content, Generation expected) = 0;

  // not_found when there is no such object.
  virtual Result<Object> get(const CallContext& context, std::string_view key) = 0;

  // Not an error if missing, unless `expected` says that it should be there.
  virtual Result<> remove(const CallContext& context, std::string_view key, Generation expected = kAnyGeneration) = 0;

  // Keys that begin with `prefix`, in order, also those deeper down.
  virtual Result<std::vector<ObjectName>> list(const CallContext& context, std::string_view prefix) = 0;

  // Where people find the object: "file:///…/lake/dashboards/…" or "gs://…".
  virtual std::string url(std::string_view key) const = 0;
};

// A folder, made when missing.
Result<std::shared_ptr<ObjectStore>> open_folder_store(const std::string& folder);

}  // namespace bridge
