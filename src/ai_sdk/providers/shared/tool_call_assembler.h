#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ai_sdk/core/provider.h"
#include "ai_sdk/providers/shared/mended_text.h"

namespace bridge {

// Puts the fragments of parallel tool calls together. A call belongs to a key that its protocol gives (an index, an id); its arguments grow
// in one string and are read once, when it ends. Linear in the bytes.
class ToolCallAssembler {
 public:
  // A call without an id of its own (none, an endless one, one that another call of the answer has) gets one that begins with `id_prefix`.
  ToolCallAssembler(std::size_t argument_bytes_max, std::string id_prefix)
      : argument_bytes_max_(argument_bytes_max), id_prefix_(std::move(id_prefix)) {}

  // Begins a call under `key`; one that is open there ends first.
  Result<> start(std::string_view key, std::string_view id, std::string_view name, const StreamSink& sink);
  bool is_open(std::string_view key) const { return open_.contains(key); }
  // Of an open call: the id it goes by.
  std::string_view id_of(std::string_view key) const;
  // The name of an open call came late, or in pieces.
  void rename(std::string_view key, std::string_view name);

  // Adds to an open call. resource_exhausted over the limit of all arguments of the answer.
  Result<> append(std::string_view key, std::string_view fragment, const StreamSink& sink);

  // Ends a call: ToolCallEnd with its arguments read, or with the problem why they cannot be. `cut` when the server said that the answer
  // was cut short: what was open then is never run.
  Result<> end(std::string_view key, bool cut, const StreamSink& sink);
  // All that are open, in the order in which they began.
  Result<> end_all(bool cut, const StreamSink& sink);

 private:
  struct OpenCall {
    std::string id;
    std::string name;
    std::string arguments;
    TextMender mender;
  };
  std::string own_id(std::string_view id);

  const std::size_t argument_bytes_max_;
  const std::string id_prefix_;
  std::size_t argument_bytes_ = 0;
  std::size_t started_ = 0;
  std::set<std::string, std::less<>> ids_;
  std::vector<std::string> order_;
  std::map<std::string, OpenCall, std::less<>> open_;
};

// Arguments without what some servers send in front of them: an empty object for each "not yet", as in {}{"sql": …}.
std::string_view without_empty_prefixes(std::string_view arguments);

}  // namespace bridge
