#include "ai_sdk/providers/anthropic/anthropic_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ai_sdk/testing/codec_contract.h"
#include "base/testing/patience.h"
#include "base/text.h"

namespace bridge {
namespace {

constexpr const char* kFolder = "ai_sdk/providers/anthropic/testdata";
constexpr const char* kModel = "claude-sonnet-5-5";
constexpr int kMutations = 4'000;

std::unique_ptr<StreamDecoder> make() { return make_anthropic_decoder(kModel, "toolu_1_"); }

Decoded decode_file(std::string_view name) {
  for (const auto& [file, stream] : read_streams(kFolder)) {
    if (file == name) return decode(&make, {stream});
  }
  ADD_FAILURE() << "no stream " << name;
  return {};
}

std::string event(std::string_view type, std::string_view rest) {
  return str("event: ", type, "\ndata: {\"type\":\"", type, "\"", rest.empty() ? "" : ",", rest, "}\n\n");
}
const std::string kStart = event("message_start", R"("message":{"id":"m","model":"x","usage":{"input_tokens":7,"output_tokens":1}})");

TEST(AnthropicStream, GivesTheSamePartsForEverySplitOfEveryStream) {
  for (const auto& [name, stream] : read_streams(kFolder)) check_splits(&make, name, stream);
}

TEST(AnthropicStream, CutAnywhereIsNeverASuccess) {
  for (const auto& [name, stream] : read_streams(kFolder)) check_cuts(&make, name, stream);
}

TEST(AnthropicStream, KeepsTheGrammarWhateverComes) {
  const auto streams = read_streams(kFolder);
  for (const auto& [name, stream] : streams) check_grammar(decode(&make, {stream}), name);
  check_mutations(&make, streams, kMutations);
}

TEST(AnthropicStream, ReadsTextAndUsage) {
  const Decoded decoded = decode_file("text");
  EXPECT_EQ(decoded.text(), "Delays are longest at 🛬 東京 — “ORD”.");
  ASSERT_TRUE(decoded.finish());
  EXPECT_EQ(decoded.finish()->reason, FinishReason::stop);
  EXPECT_EQ(decoded.finish()->raw_reason, "end_turn");
  EXPECT_EQ(decoded.finish()->usage.input_tokens, 377);
  EXPECT_EQ(decoded.finish()->usage.output_tokens, 12);
  EXPECT_TRUE(decoded.finish()->usage.complete);
}

TEST(AnthropicStream, PutsParallelCallsTogetherAndTakesNoFragmentForNoArguments) {
  const auto calls = decode_file("tools_in_parallel").calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(json::serialize(calls[0].call.arguments), R"({"dataset":"main"})");
  EXPECT_EQ(calls[1].call.arguments.at("sql").as_string(), R"(SELECT "a" FROM t WHERE b = '{}')");
  EXPECT_EQ(json::serialize(calls[2].call.arguments), "{}");
  for (const ToolCallEnd& call : calls) EXPECT_EQ(call.problem, "");
}

TEST(AnthropicStream, TakesInputThatCameWithTheStart) {
  const auto calls = decode_file("input_with_the_start").calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(json::serialize(calls[0].call.arguments), R"({"dataset":"main"})");
}

TEST(AnthropicStream, KeepsThinkingAndItsSignatureForTheWayBack) {
  const Decoded decoded = decode_file("thinking");
  const auto opaque = std::ranges::find_if(decoded.parts, [](const StreamPart& part) { return std::holds_alternative<OpaquePart>(part); });
  ASSERT_NE(opaque, decoded.parts.end());
  const OpaqueContent& content = std::get<OpaquePart>(*opaque).content;
  EXPECT_EQ(content.model, kModel);
  EXPECT_EQ(content.json, R"([{"type":"thinking","thinking":"The person asks about delays \"and\" when.","signature":"EqQBCgIYAhIM/+=="},)"
                          R"({"type":"redacted_thinking","data":"opaque=="},{"type":"text","text":"Let me see."},)"
                          R"({"type":"tool_use","id":"toolu_9","name":"list_tables","input":{"dataset":"main"}}])");
  EXPECT_EQ(decoded.text(), "Let me see.");
}

TEST(AnthropicStream, CountsTheFourKindsOfInputApart) {
  const TokenUsage usage = decode_file("thinking").finish()->usage;
  EXPECT_EQ(usage.input_tokens, 10);
  EXPECT_EQ(usage.cache_read_tokens, 4'000);
  EXPECT_EQ(usage.cache_write_tokens, 800) << "message_delta repeats the sum without its parts";
  EXPECT_EQ(usage.cache_write_long_tokens, 100);
  EXPECT_EQ(usage.output_tokens, 210);
}

TEST(AnthropicStream, OverwritesCumulativeUsageAndNeverAddsIt) {
  EXPECT_EQ(decode_file("unknown_kinds").finish()->usage.output_tokens, 11);
}

TEST(AnthropicStream, KeepsKindsOfBlocksThatItDoesNotKnow) {
  const Decoded decoded = decode_file("unknown_kinds");
  EXPECT_EQ(decoded.text(), "Found.");
  EXPECT_TRUE(decoded.calls().empty()) << "a server's own tool is not ours to run";
  EXPECT_THAT(decoded.describe(), testing::HasSubstr(R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"q":"x"}})"));
  EXPECT_THAT(decoded.describe(), testing::HasSubstr(R"("web_search_tool_result")"));
}

TEST(AnthropicStream, NeverRunsACallThatWasCutByTheLengthOfTheAnswer) {
  const Decoded cut = decode_file("cut_by_length_in_a_call");
  ASSERT_EQ(cut.calls().size(), 1u);
  EXPECT_NE(cut.calls()[0].problem, "");
  EXPECT_EQ(cut.finish()->reason, FinishReason::length);
}

TEST(AnthropicStream, EndsWhereTheServerSaidItEnds) {
  const Decoded decoded = decode_file("more_behind_the_end");
  EXPECT_TRUE(decoded.result);
  EXPECT_EQ(decoded.text(), "Yes.");
}

TEST(AnthropicStream, SaysThatTheModelRefused) {
  EXPECT_EQ(decode_file("refusal").finish()->reason, FinishReason::refused);
  EXPECT_EQ(decode_file("refusal").finish()->raw_reason, "refusal");
}

TEST(AnthropicStream, TurnsAnErrorEventIntoTheErrorOfItsKindWhereverItComes) {
  const std::string error = event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r")");
  const std::string token = event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})") +
                            event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":"Hi"})");
  const std::string tool = event("content_block_start", R"("index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}})") +
                           event("content_block_delta", R"("index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"})");
  for (const std::string& before : {std::string(), kStart, kStart + token, kStart + tool}) {
    const std::string stream = before + error + event("message_stop", "");
    const Decoded decoded = decode(&make, {stream});
    ASSERT_FALSE(decoded.result);
    EXPECT_EQ(decoded.result.error().reason, "overloaded_error");
    EXPECT_EQ(decoded.result.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(is_retryable(decoded.result.error()));
    EXPECT_FALSE(decoded.finish());
    EXPECT_TRUE(decoded.calls().empty());
  }
}

TEST(AnthropicStream, NeverEndsACallBeforeItsBlockDoes) {
  // "{}" alone would parse; so would {"n":1.
  const std::string stream =
      kStart + event("content_block_start", R"("index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}})") +
      event("content_block_delta", R"("index":0,"delta":{"type":"input_json_delta","partial_json":"{\"n\":1"})") +
      event("content_block_delta", R"("index":0,"delta":{"type":"input_json_delta","partial_json":"0}"})") +
      event("content_block_stop", R"("index":0)") +
      event("message_delta", R"("delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5})") + event("message_stop", "");
  const auto calls = decode(&make, {stream}).calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].call.arguments.at("n").as_int64(), 10);
}

TEST(AnthropicStream, RefusesAnEventOverTheLimitAndNonsense) {
  const std::string huge = "data: " + std::string(9 << 20, 'x');
  EXPECT_EQ(decode(&make, {huge}).result.error().code, ErrorCode::payload_too_large);
  EXPECT_EQ(decode(&make, {"data: {\"type\":\n\n"}).result.error().reason, "provider_stream_broken");
  EXPECT_EQ(decode(&make, {"data: 7\n\n"}).result.error().reason, "provider_stream_broken");
}

TEST(AnthropicStream, TakesAMegabyteOfArgumentsInSingleBytesInLinearTime) {
  std::string stream =
      kStart + event("content_block_start", R"("index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}})");
  const auto piece = [](std::string_view text) {
    return event("content_block_delta", str(R"("index":0,"delta":{"type":"input_json_delta","partial_json":")", text, "\"}"));
  };
  stream += piece(R"({\"a\":\")");
  for (int i = 0; i < 200'000; ++i) stream += piece("x");
  stream += piece(R"(\"})") + event("content_block_stop", R"("index":0)") +
            event("message_delta", R"("delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5})") + event("message_stop", "");
  const auto start = std::chrono::steady_clock::now();
  const auto calls = decode(&make, {stream}).calls();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience * std::chrono::seconds(10));
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].call.arguments.at("a").as_string().size(), 200'000u);
}

std::string block_start(int index, std::string_view block) {
  return event("content_block_start", str(R"("index":)", index, R"(,"content_block":)", block));
}
std::string block_delta(int index, std::string_view delta) {
  return event("content_block_delta", str(R"("index":)", index, R"(,"delta":)", delta));
}
std::string block_stop(int index) { return event("content_block_stop", str(R"("index":)", index)); }
std::string ending(std::string_view reason) {
  return event("message_delta", str(R"("delta":{"stop_reason":")", reason, R"("},"usage":{"output_tokens":5})")) +
         event("message_stop", "");
}
std::string opaque_of(const Decoded& decoded) {
  for (const StreamPart& part : decoded.parts) {
    if (const auto* opaque = std::get_if<OpaquePart>(&part)) return opaque->content.json;
  }
  return "";
}
Decoded decode_text(const std::string& stream) { return decode(&make, {stream}); }

constexpr const char* kThought = R"({"type":"thinking","thinking":"","signature":""})";

TEST(AnthropicStream, KeepsNoThoughtThatWasCut) {
  const std::string thought = block_start(0, kThought) + block_delta(0, R"({"type":"thinking_delta","thinking":"Hm"})");
  const std::string signed_thought = thought + block_delta(0, R"({"type":"signature_delta","signature":"S=="})") + block_stop(0);
  EXPECT_EQ(opaque_of(decode_text(kStart + thought + ending("max_tokens"))), "") << "without its signature";
  EXPECT_EQ(opaque_of(decode_text(kStart + signed_thought + ending("max_tokens"))), "") << "as the last block";
  const std::string words =
      block_start(1, R"({"type":"text","text":""})") + block_delta(1, R"({"type":"text_delta","text":"Yes."})") + block_stop(1);
  EXPECT_EQ(opaque_of(decode_text(kStart + signed_thought + words + ending("end_turn"))),
            R"([{"type":"thinking","thinking":"Hm","signature":"S=="},{"type":"text","text":"Yes."}])");
  EXPECT_EQ(opaque_of(decode_text(kStart + thought + block_stop(0) + words + ending("end_turn"))), R"([{"type":"text","text":"Yes."}])");
}

TEST(AnthropicStream, SkipsEventsThatHoldNothing) {
  const std::string stream = "data:\n\n" + kStart + "event: content_block_delta\ndata: \n\n" + "event: ping\ndata: x\n\ndata: null\n\n" +
                             block_start(0, R"({"type":"text","text":"Yes."})") + block_stop(0) + ending("end_turn") + "data: [DONE]\n\n";
  EXPECT_EQ(decode_text(stream).text(), "Yes.");
  EXPECT_TRUE(decode_text(stream).result);
}

TEST(AnthropicStream, GivesCallsIdsOfTheirOwnWhereTheirServerDoesNot) {
  std::string stream = kStart;
  for (int i = 0; i < 3; ++i)
    stream +=
        block_start(i, str(R"({"type":"tool_use","id":")", i < 2 ? "same" : "", R"(","name":"list_tables","input":{}})")) + block_stop(i);
  const auto calls = decode_text(stream + ending("tool_use")).calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].call.id, "same");
  EXPECT_TRUE(calls[1].call.id.starts_with("toolu_1_"));
  EXPECT_NE(calls[1].call.id, calls[2].call.id);
}

TEST(AnthropicStream, ReadsArgumentsBehindEmptyObjectsAndSendsThemBackToTheDigit) {
  const std::string stream = kStart + block_start(0, R"({"type":"redacted_thinking","data":"x"})") + block_stop(0) +
                             block_start(1, R"({"type":"tool_use","id":"t","name":"n","input":{}})") +
                             block_delta(1, R"({"type":"input_json_delta","partial_json":"{}"})") +
                             block_delta(1, R"({"type":"input_json_delta","partial_json":"{\"n\": 1.50}"})") + block_stop(1) +
                             ending("tool_use");
  const Decoded decoded = decode_text(stream);
  ASSERT_EQ(decoded.calls().size(), 1u);
  EXPECT_EQ(decoded.calls()[0].call.arguments.at("n").as_double(), 1.5);
  EXPECT_THAT(opaque_of(decoded), testing::HasSubstr(R"("id":"t","name":"n","input":{"n": 1.50}})"));
}

TEST(AnthropicStream, ReadsWordsOfABlockThatWasNeverBegun) {
  EXPECT_EQ(decode_text(kStart + block_delta(0, R"({"type":"text_delta","text":"Yes."})") + ending("end_turn")).text(), "Yes.");
}

TEST(AnthropicStream, TakesACallForWholeThatWasNotClosedWhenTheModelEndedForItsCalls) {
  const std::string call = block_start(0, R"({"type":"tool_use","id":"t","name":"n","input":{}})") +
                           block_delta(0, R"({"type":"input_json_delta","partial_json":"{\"n\":1}"})");
  EXPECT_EQ(decode_text(kStart + call + ending("tool_use")).calls().at(0).problem, "");
  EXPECT_NE(decode_text(kStart + call + ending("max_tokens")).calls().at(0).problem, "");
}

TEST(AnthropicStream, KeepsWordsBehindACallApartFromThoseBeforeIt) {
  const std::string stream = kStart + block_start(0, R"({"type":"text","text":"Before."})") + block_stop(0) +
                             block_start(1, R"({"type":"tool_use","id":"t","name":"n","input":{}})") + block_stop(1) +
                             block_start(2, R"({"type":"text","text":"After."})") + block_stop(2) + ending("tool_use");
  EXPECT_EQ(decode_text(stream).text(), "Before.\n\nAfter.");
  EXPECT_THAT(opaque_of(decode_text(stream)), testing::HasSubstr(R"("input":{}},{"type":"text","text":"After."}])")) << "in their order";
}

TEST(AnthropicStream, JoinsTheHalvesOfACharacterAndReplacesThoseThatAreAlone) {
  const std::string stream = kStart + block_start(0, R"({"type":"text","text":""})") +
                             block_delta(0, R"({"type":"text_delta","text":"late \ud83d"})") +
                             block_delta(0, R"({"type":"text_delta","text":"\udeec, \ud83d"})") + block_stop(0) + ending("end_turn");
  EXPECT_EQ(decode_text(stream).text(), "late 🛬, \uFFFD");
}

TEST(AnthropicStream, KnowsWhatWasUsedInAllOnlyAtTheEnd) {
  const Decoded decoded = decode_text(kStart + event("message_delta", R"("delta":{"stop_reason":null},"usage":{"output_tokens":3})"));
  for (const StreamPart& part : decoded.parts) {
    const auto* update = std::get_if<UsageUpdate>(&part);
    EXPECT_FALSE(update && update->usage.complete);
  }
}

TEST(AnthropicStream, CountsTheCachesOfEveryIteration) {
  const std::string usage =
      R"("delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":7,"output_tokens":5,"cache_read_input_tokens":10,)"
      R"("iterations":[{"input_tokens":7,"output_tokens":5,"cache_read_input_tokens":10},)"
      R"({"input_tokens":3,"output_tokens":2,"cache_read_input_tokens":90,"cache_creation_input_tokens":4}]})";
  const Decoded decoded = decode_text(kStart + block_start(0, R"({"type":"text","text":"Yes."})") + block_stop(0) +
                                      event("message_delta", usage) + event("message_stop", ""));
  ASSERT_TRUE(decoded.finish());
  EXPECT_EQ(decoded.finish()->usage.input_tokens, 10);
  EXPECT_EQ(decoded.finish()->usage.output_tokens, 7);
  EXPECT_EQ(decoded.finish()->usage.cache_read_tokens, 100);
  EXPECT_EQ(decoded.finish()->usage.cache_write_tokens, 4);
}

}  // namespace
}  // namespace bridge
