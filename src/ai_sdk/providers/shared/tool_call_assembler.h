#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ai_sdk/core/provider.h"

namespace bridge {

// Puts the fragments of parallel tool calls together. A call belongs to a key that its protocol gives (an index, an id); its arguments grow
// in one string and are read once, when it ends. Linear in the bytes.
class ToolCallAssembler {
 public:
  explicit ToolCallAssembler(std::size_t argument_bytes_max) : argument_bytes_max_(argument_bytes_max) {}

  // Begins a call under `key`; one that is open there ends first.
  Result<> start(std::string_view key, std::string id, std::string name, const StreamSink& sink);
  bool is_open(std::string_view key) const { return open_.contains(key); }
  std::string_view id_of(std::string_view key) const;

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
  };
  const std::size_t argument_bytes_max_;
  std::size_t argument_bytes_ = 0;
  std::vector<std::string> order_;
  std::map<std::string, OpenCall, std::less<>> open_;
};

}  // namespace bridge
