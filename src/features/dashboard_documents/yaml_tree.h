#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace bridge {

// Where something stands in a file: line and column (in characters) count from 1; 0 when unknown.
struct Position {
  int line = 0;
  int column = 0;
};

// A text and where it stands.
struct PlacedText {
  std::string text;
  Position at;
};

// A text that may span lines, with enough to find a place inside it in the file.
struct PlacedBlock {
  std::string text;
  Position at;               // of the value: its quote or `|`
  Position first;            // of the first character of the text
  bool lines_match = false;  // each line of the text is a line of the file, `first.column` further right
};

// Where the character at `offset` of the block stands in the file; the block itself where folding or escapes hide it.
Position position_in(const PlacedBlock& block, std::size_t offset);

struct YamlKey {
  std::string text;
  Position at;
};

// A YAML value with its position. Scalars follow the YAML 1.2 core schema: `no` and `2001-01-01` are text.
struct YamlNode {
  enum class Kind : std::uint8_t { null, boolean, integer, number, text, list, map };

  Kind kind = Kind::null;
  Position at;
  std::string text;             // of a scalar, as written
  Position first;               // of the text's first character
  bool lines_match = false;     // see PlacedBlock
  bool flow = false;            // of a list or map: [ ] or { }
  std::vector<YamlKey> keys;    // of a map, as many as items
  std::vector<YamlNode> items;  // of a list or map

  // nullptr when this is no map or has no such key.
  const YamlNode* find(std::string_view key) const;
  PlacedText placed() const { return {text, at}; }
  PlacedBlock block() const { return {text, at, first, lines_match}; }
};

// One document within the limits on bytes, depth, nodes and aliases (see limits.h). Tags, merge keys, duplicate keys, several documents,
// byte order marks, NUL and other encodings than UTF-8 are refused, each with its place: invalid_argument ("invalid_yaml").
Result<YamlNode> parse_yaml(std::string_view text);

// The plain value; positions are lost. Numbers that are not finite become null.
json::value json_of(const YamlNode& node);

std::string_view kind_name(YamlNode::Kind kind);

}  // namespace bridge
