#pragma once

#include <string>

#include "base/json.h"

namespace bridge {

enum class CacheControl : std::uint8_t { ephemeral, none };
BOOST_DESCRIBE_ENUM(CacheControl, ephemeral, none)

using PromptBlockId = Id<struct PromptBlockTag>;

// One version of a named piece of system prompt. All teams share them. At most one version of a name is active; a version never changes.
struct PromptBlock {
  PromptBlockId id;
  std::string name;  // [a-z0-9_]
  std::string content;
  CacheControl cache_control = CacheControl::ephemeral;
  int version = 1;
  bool active = true;
  int position = 0;  // among the active ones, smallest first
  Time created_at;
};
BOOST_DESCRIBE_STRUCT(PromptBlock, (), (id, name, content, cache_control, version, active, position, created_at))

// What somebody says of a new block.
struct PromptBlockInput {
  std::string name;
  std::string content;
  CacheControl cache_control = CacheControl::ephemeral;
  int position = 0;
};
BOOST_DESCRIBE_STRUCT(PromptBlockInput, (), (name, content, cache_control, position))

// The next version of a block; what is not given stays as it is.
struct PromptBlockVersion {
  std::string name;
  std::string content;
  std::optional<CacheControl> cache_control = {};
  std::optional<int> position = {};
};

template <>
inline constexpr auto field_notes<PromptBlockInput> = std::to_array<FieldNote>({
    {.name = "name", .about = "a-z, 0-9 and _", .subject = "A prompt block's name", .length_max = 63},
    {.name = "content", .about = "Markdown, for the model", .subject = "A prompt block", .length_max = 64 << 10},
    {.name = "cache_control", .about = "whether providers should cache it", .optional = true},
    {.name = "position", .about = "among the active blocks, smallest first", .optional = true, .minimum = 0, .maximum = 1'000},
});

}  // namespace bridge
