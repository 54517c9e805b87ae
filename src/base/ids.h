#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bridge {

// UUIDv7 as lower-case text: sorts by the time it was made. Thread-safe.
std::string make_uuid();
bool is_uuid(std::string_view text);

// `count` bytes from the operating system's generator.
std::string random_bytes(std::size_t count);

// Text ids of different things are different types, so that one cannot be passed for another.
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}
  static Id make() { return Id(make_uuid()); }

  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string value_;
};

using TeamId = Id<struct TeamTag>;
using UserId = Id<struct UserTag>;
using SessionId = Id<struct SessionTag>;
using ConnectionId = Id<struct ConnectionTag>;

}  // namespace bridge

template <class Tag>
struct std::hash<bridge::Id<Tag>> {
  std::size_t operator()(const bridge::Id<Tag>& id) const { return std::hash<std::string>{}(id.value()); }
};
