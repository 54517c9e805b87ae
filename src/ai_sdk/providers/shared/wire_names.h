#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "ai_sdk/core/message.h"

namespace bridge {

// What every vendor takes: letters, digits, _ and -, and no more of them than the strictest allows.
inline constexpr std::size_t kWireIdBytesMax = 40;
inline constexpr std::size_t kWireNameBytesMax = 64;

// The name as it may be sent. Those that may are sent as they are; of others what may, with a mark that keeps different ones apart.
std::string wire_name(std::string_view name);

// The ids of one conversation's calls as they may be sent back: each call has one of its own, whoever gave it, also where another model of
// another vendor goes on with the conversation. The same history always gives the same ids.
class WireIds final {
 public:
  // The calls of an assistant's message, in the order of the conversation.
  void begin(const Message& assistant);
  // Of a call of the last message that was begun, by the id that it has there.
  std::string id_of(std::string_view call_id) const;
  // Whether all calls of the last message that was begun go out as they are.
  bool unchanged() const { return unchanged_; }

 private:
  std::map<std::string, std::string, std::less<>> of_message_;
  std::set<std::string, std::less<>> used_;
  bool unchanged_ = true;
};

}  // namespace bridge
