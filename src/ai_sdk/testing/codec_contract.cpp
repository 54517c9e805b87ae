#include "ai_sdk/testing/codec_contract.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/text.h"

namespace bridge {

namespace {

std::string count_text(const std::optional<std::int64_t>& count) { return count ? str(*count) : std::string("?"); }

std::string usage_text(const TokenUsage& usage) {
  return str("in ", count_text(usage.input_tokens), " read ", count_text(usage.cache_read_tokens), " write ",
             count_text(usage.cache_write_tokens), " long ", count_text(usage.cache_write_long_tokens), " out ",
             count_text(usage.output_tokens), usage.complete ? " complete" : "");
}

std::string describe(const StreamPart& part) {
  if (const auto* p = std::get_if<ResponseStart>(&part)) return str("start ", p->response_id, " ", p->model);
  if (const auto* p = std::get_if<TextDelta>(&part)) return str("text ", p->text);
  if (const auto* p = std::get_if<ReasoningDelta>(&part)) return str("reasoning ", p->text);
  if (const auto* p = std::get_if<ToolCallStart>(&part)) return str("call ", p->id, " ", p->name);
  if (const auto* p = std::get_if<ToolCallDelta>(&part)) return str("arguments ", p->id, " ", p->arguments_fragment);
  if (const auto* p = std::get_if<ToolCallEnd>(&part))
    return str("end ", p->call.id, " ", p->call.name, " ", json::serialize(p->call.arguments), p->problem.empty() ? "" : " PROBLEM ",
               p->problem);
  if (const auto* p = std::get_if<OpaquePart>(&part)) return str("opaque ", p->content.json);
  if (const auto* p = std::get_if<UsageUpdate>(&part)) return str("usage ", usage_text(p->usage));
  if (const auto* p = std::get_if<Finish>(&part))
    return str("finish ", enum_name(p->reason), " ", p->raw_reason, " ", usage_text(p->usage));
  if (std::holds_alternative<KeepAlive>(part)) return "alive";
  return "other";
}

}  // namespace

std::string Decoded::text() const {
  std::string out;
  for (const StreamPart& part : parts) {
    if (const auto* text = std::get_if<TextDelta>(&part)) out += text->text;
  }
  return out;
}

std::vector<ToolCallEnd> Decoded::calls() const {
  std::vector<ToolCallEnd> out;
  for (const StreamPart& part : parts) {
    if (const auto* end = std::get_if<ToolCallEnd>(&part)) out.push_back(*end);
  }
  return out;
}

const Finish* Decoded::finish() const { return parts.empty() ? nullptr : std::get_if<Finish>(&parts.back()); }

std::string Decoded::describe() const {
  std::string out;
  for (const StreamPart& part : parts) out += str(bridge::describe(part), "\n");
  return out + (result ? std::string("ok") : str("error ", reason_of(result.error()), ": ", result.error().message));
}

Decoded decode(const DecoderFactory& make, const std::vector<std::string_view>& pieces) {
  const auto decoder = make();
  Decoded out;
  const StreamSink sink = [&](const StreamPart& part) -> Result<> {
    out.parts.push_back(part);
    return {};
  };
  for (const std::string_view piece : pieces) {
    out.result = decoder->feed(piece, sink);
    if (!out.result) return out;
  }
  out.result = decoder->end(sink);
  return out;
}

std::vector<std::pair<std::string, std::string>> read_streams(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& entry : std::filesystem::directory_iterator("src/" + folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    out.emplace_back(entry.path().stem().string(), text.str());
  }
  std::ranges::sort(out);
  EXPECT_FALSE(out.empty()) << folder;
  return out;
}

void check_splits(const DecoderFactory& make, const std::string& name, std::string_view stream) {
  const std::string whole = decode(make, {stream}).describe();
  for (std::size_t at = 1; at < stream.size(); ++at) {
    const std::string split = decode(make, {stream.substr(0, at), stream.substr(at)}).describe();
    if (split == whole) continue;
    ADD_FAILURE() << name << " split at " << at << ":\n" << split << "\nis not\n" << whole;
    return;
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
  EXPECT_EQ(decode(make, bytes).describe(), whole) << name;
}

void check_cuts(const DecoderFactory& make, const std::string& name, std::string_view stream) {
  // The end is where the whole stream finishes for the first time.
  for (std::size_t at = 0; at < stream.size(); ++at) {
    const Decoded cut = decode(make, {stream.substr(0, at)});
    if (cut.finish()) return;
    ASSERT_FALSE(cut.result) << name << " cut at " << at << " is taken for a success";
    ASSERT_EQ(cut.result.error().reason, "premature_eof") << name << " cut at " << at;
    check_grammar(cut, str(name, " cut at ", at));
  }
}

void check_grammar(const Decoded& decoded, const std::string& name) {
  std::set<std::string> open;
  std::set<std::string> ended;
  for (std::size_t i = 0; i < decoded.parts.size(); ++i) {
    const StreamPart& part = decoded.parts[i];
    if (const auto* start = std::get_if<ToolCallStart>(&part)) {
      ASSERT_TRUE(open.insert(start->id).second) << name << ": call " << start->id << " begins twice";
    } else if (const auto* delta = std::get_if<ToolCallDelta>(&part)) {
      ASSERT_TRUE(open.contains(delta->id)) << name << ": arguments for a call that is not open";
    } else if (const auto* end = std::get_if<ToolCallEnd>(&part)) {
      ASSERT_EQ(open.erase(end->call.id), 1u) << name << ": call " << end->call.id << " ends without having begun";
      ended.insert(end->call.id);
    } else if (std::holds_alternative<Finish>(part)) {
      ASSERT_EQ(i + 1, decoded.parts.size()) << name << ": parts behind Finish";
      ASSERT_TRUE(open.empty()) << name << ": Finish with an open call";
    }
  }
  ASSERT_EQ(decoded.finish() != nullptr, decoded.result.has_value()) << name << ":\n" << decoded.describe();
}

void check_mutations(const DecoderFactory& make, const std::vector<std::pair<std::string, std::string>>& streams, int count) {
  std::mt19937 random(20261125);
  const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); };
  for (int round = 0; round < count; ++round) {
    std::string bytes = streams[below(streams.size())].second;
    for (std::size_t change = below(6) + 1; change > 0 && !bytes.empty(); --change) {
      const std::size_t at = below(bytes.size());
      const std::size_t length = std::min(below(40) + 1, bytes.size() - at);
      switch (below(5)) {
        case 0: bytes[at] = static_cast<char>(below(256)); break;
        case 1: bytes.erase(at, length); break;
        case 2: bytes.insert(at, bytes.substr(at, length)); break;
        case 3: bytes.insert(at, streams[below(streams.size())].second.substr(0, below(400))); break;
        default: std::swap(bytes[at], bytes[below(bytes.size())]); break;
      }
    }
    const std::size_t split = below(bytes.size() + 1);
    const std::string_view view = bytes;
    const Decoded decoded = decode(make, {view.substr(0, split), view.substr(split)});
    // Two calls of one id may come out of doubled bytes; the reader of completions refuses those.
    std::map<std::string, int> starts;
    for (const StreamPart& part : decoded.parts) {
      if (const auto* start = std::get_if<ToolCallStart>(&part)) ++starts[start->id];
    }
    if (std::ranges::all_of(starts, [](const auto& start) { return start.second == 1; }))
      check_grammar(decoded, str("round ", round, ":\n", bytes));
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace bridge
