#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "features/rules/profile.h"

namespace bridge::rules {

// A piece of the SQL that the rules write: comments and escapes do not occur in it.
struct Token {
  enum class Kind : std::uint8_t { word, name, text, number, sign } kind = Kind::sign;
  std::string text;  // of a word in lower case; of a name and a text what stands between the quotes
  bool operator==(const Token&) const = default;
};
using Tokens = std::vector<Token>;

Tokens tokens_of(std::string_view sql);

// The same in the local engine's words, by which facts are read: what the table's dialect writes for the start of a month becomes what the
// local one writes for it, a text that is read as a date becomes the column's name.
Tokens in_local_words(Tokens tokens, const TableProfile& table);

}  // namespace bridge::rules
