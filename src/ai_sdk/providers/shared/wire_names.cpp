#include "ai_sdk/providers/shared/wire_names.h"

#include "base/text.h"

namespace bridge {

namespace {

bool may_be_sent(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

// FNV-1a, the same in every process: what was sent once is sent again in the same words.
std::string mark_of(std::string_view text) {
  constexpr std::uint64_t offset = 0xcbf29ce484222325, prime = 0x100000001b3;
  std::uint64_t hash = offset;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(static_cast<unsigned char>(hash >> shift));
  return encode_hex(bytes);
}

std::string wire_text(std::string_view text, std::size_t bytes_max) {
  if (!text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, may_be_sent)) return std::string(text);
  const std::string mark = mark_of(text);
  std::string out(text.substr(0, bytes_max - mark.size() - 1));
  for (char& c : out) c = may_be_sent(c) ? c : '_';
  return str(out, out.empty() ? "" : "_", mark);
}

}  // namespace

std::string wire_name(std::string_view name) { return wire_text(name, kWireNameBytesMax); }

void WireIds::begin(const Message& assistant) {
  of_message_.clear();
  unchanged_ = true;
  for (const ToolCall& call : assistant.tool_calls) {
    std::string id = wire_text(call.id, kWireIdBytesMax);
    for (int again = 1; !used_.insert(id).second; ++again) id = wire_text(str(call.id, "#", again), kWireIdBytesMax);
    unchanged_ = unchanged_ && id == call.id && wire_name(call.name) == call.name;
    of_message_.insert_or_assign(call.id, std::move(id));
  }
}

std::string WireIds::id_of(std::string_view call_id) const {
  const auto found = of_message_.find(call_id);
  return found == of_message_.end() ? wire_text(call_id, kWireIdBytesMax) : found->second;
}

}  // namespace bridge
