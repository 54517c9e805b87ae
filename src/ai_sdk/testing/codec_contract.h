#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ai_sdk/providers/shared/stream_decoder.h"

namespace bridge {

using DecoderFactory = std::function<std::unique_ptr<StreamDecoder>()>;

// What a decoder made of some pieces of bytes, and how it ended.
struct Decoded {
  std::vector<StreamPart> parts;
  Result<> result;

  std::string text() const;                // of all TextDeltas
  std::vector<ToolCallEnd> calls() const;  // in the order in which they ended
  const Finish* finish() const;            // null when there is none
  std::string describe() const;            // every part and the result, a line each
};
Decoded decode(const DecoderFactory& make, const std::vector<std::string_view>& pieces);

// The files of a folder below src/, by name.
std::vector<std::pair<std::string, std::string>> read_streams(const std::string& folder);

// What holds for every decoder and every stream; each fails the test that calls it.
//   Every two-way split and one byte at a time give the same parts.
void check_splits(const DecoderFactory& make, const std::string& name, std::string_view stream);
//   Cut anywhere before its end it is never a success, and a cut call never one that may be run.
void check_cuts(const DecoderFactory& make, const std::string& name, std::string_view stream);
//   Calls begin once and end once before Finish, which is last and there exactly when the result is good.
void check_grammar(const Decoded& decoded, const std::string& name);
//   Bytes changed, doubled, dropped and mixed at random, always in the same way: the grammar holds all the same.
void check_mutations(const DecoderFactory& make, const std::vector<std::pair<std::string, std::string>>& streams, int count);

}  // namespace bridge
