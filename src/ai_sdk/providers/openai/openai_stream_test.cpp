#include "ai_sdk/providers/openai/openai_stream.h"

#include <gtest/gtest.h>

#include "ai_sdk/testing/codec_contract.h"
#include "base/text.h"

namespace bridge {
namespace {

constexpr const char* kFolder = "ai_sdk/providers/openai/testdata";
constexpr int kMutations = 4'000;

OpenaiProfile profile(std::string_view name) { return *find_openai_profile(name, ""); }
std::unique_ptr<StreamDecoder> make_strict() { return make_openai_decoder(profile("openai"), "call_1_"); }
std::unique_ptr<StreamDecoder> make_tolerant() { return make_openai_decoder(profile("compatible"), "call_1_"); }

Decoded decode_file(std::string_view name, const DecoderFactory& make = &make_tolerant) {
  for (const auto& [file, stream] : read_streams(kFolder)) {
    if (file == name) return decode(make, {stream});
  }
  ADD_FAILURE() << "no stream " << name;
  return {};
}

std::string arguments(const ToolCallEnd& call) { return json::serialize(call.call.arguments); }

TEST(OpenaiStream, GivesTheSamePartsForEverySplitOfEveryStream) {
  for (const auto& [name, stream] : read_streams(kFolder)) {
    check_splits(&make_strict, name, stream);
    check_splits(&make_tolerant, name, stream);
  }
}

TEST(OpenaiStream, CutAnywhereIsNeverASuccess) {
  for (const auto& [name, stream] : read_streams(kFolder)) check_cuts(&make_strict, name, stream);
}

TEST(OpenaiStream, KeepsTheGrammarWhateverComes) {
  const auto streams = read_streams(kFolder);
  for (const auto& [name, stream] : streams) check_grammar(decode(&make_tolerant, {stream}), name);
  check_mutations(&make_strict, streams, kMutations);
  check_mutations(&make_tolerant, streams, kMutations);
}

TEST(OpenaiStream, ReadsTextAndTakesTheCachedTokensOutOfThePrompt) {
  const Decoded decoded = decode_file("text", &make_strict);
  EXPECT_EQ(decoded.text(), "Delays are longest at 🛬 東京 — “ORD”.");
  ASSERT_TRUE(decoded.finish());
  EXPECT_EQ(decoded.finish()->usage.input_tokens, 150);
  EXPECT_EQ(decoded.finish()->usage.cache_read_tokens, 1'000);
  EXPECT_EQ(decoded.finish()->usage.cache_write_tokens, 50);
  EXPECT_EQ(decoded.finish()->usage.output_tokens, 40);
  EXPECT_TRUE(decoded.finish()->usage.complete);
}

TEST(OpenaiStream, KeepsInterleavedCallsApart) {
  const auto calls = decode_file("tools_interleaved", &make_strict).calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].call.id, "call_a");
  EXPECT_EQ(arguments(calls[0]), R"({"dataset":"main"})");
  EXPECT_EQ(calls[1].call.id, "call_b");
  EXPECT_EQ(arguments(calls[1]), R"({"sql":"SELECT 1"})");
}

TEST(OpenaiStream, BeginsANewCallForANewIdOnTheSameIndexAndGoesOnForTheSameOne) {
  const auto calls = decode_file("always_index_0_with_ids").calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(arguments(calls[0]), R"({"dataset":"main"})");
  EXPECT_EQ(arguments(calls[1]), "{}");
  EXPECT_EQ(calls[1].call.name, "list_datasets");
}

TEST(OpenaiStream, TellsCallsWithoutIdsApartAndGivesThemSome) {
  const auto calls = decode_file("without_ids").calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(arguments(calls[0]), R"({"dataset":"main"})");
  EXPECT_EQ(arguments(calls[1]), R"({"dataset":"other"})");
  EXPECT_EQ(arguments(calls[2]), R"({"sql":"SELECT 1"})");
  EXPECT_NE(calls[0].call.id, calls[1].call.id);
  EXPECT_TRUE(calls[0].call.id.starts_with("call_1_"));
}

TEST(OpenaiStream, TakesAStopWithCallsForCalls) { EXPECT_EQ(decode_file("without_ids").finish()->reason, FinishReason::tool_calls); }

TEST(OpenaiStream, TakesArgumentsThatAreAnObject) {
  const auto calls = decode_file("arguments_as_an_object").calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(arguments(calls[0]), R"({"dataset":"main"})");
}

TEST(OpenaiStream, WantsDoneOfAServerThatSaysItAndNotOfOthers) {
  EXPECT_FALSE(decode_file("without_ids", &make_strict).result);
  EXPECT_EQ(decode_file("without_ids", &make_strict).result.error().reason, "premature_eof");
  EXPECT_TRUE(decode_file("without_ids", &make_tolerant).result);
}

TEST(OpenaiStream, TakesTheLastOfManyUsages) {
  const TokenUsage usage = decode_file("usage_in_every_chunk").finish()->usage;
  EXPECT_EQ(usage.input_tokens, 5);
  EXPECT_EQ(usage.output_tokens, 2);
  EXPECT_TRUE(usage.complete);
}

TEST(OpenaiStream, DoesNotTakeMissingUsageForNone) {
  const TokenUsage usage = decode_file("reasoning").finish()->usage;
  EXPECT_FALSE(usage.input_tokens);
  EXPECT_FALSE(usage.complete);
  EXPECT_FALSE(decode_file("nulls_everywhere").finish()->usage.complete);
}

TEST(OpenaiStream, NeverRunsACallThatWasCutByTheLengthOfTheAnswer) {
  const Decoded decoded = decode_file("cut_by_length_in_a_call");
  ASSERT_EQ(decoded.calls().size(), 1u);
  EXPECT_NE(decoded.calls()[0].problem, "");
  EXPECT_EQ(decoded.finish()->reason, FinishReason::length);
}

TEST(OpenaiStream, SaysThatTheModelRefused) {
  EXPECT_EQ(decode_file("refusal").finish()->reason, FinishReason::refused);
  EXPECT_EQ(decode_file("refusal").text(), "I cannot help with that.");
}

TEST(OpenaiStream, TurnsAnErrorInTheStreamIntoTheErrorOfItsKind) {
  for (const std::string_view stream :
       {"data: {\"error\":{\"message\":\"slow down\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}\n\n",
        "event: error\ndata: {\"message\":\"slow down\",\"error\":{\"code\":\"rate_limit_exceeded\"}}\n\n"}) {
    const Decoded decoded = decode(&make_strict, {stream});
    ASSERT_FALSE(decoded.result);
    EXPECT_EQ(decoded.result.error().reason, "rate_limit_exceeded");
    EXPECT_EQ(decoded.result.error().code, ErrorCode::resource_exhausted);
  }
  const Decoded own = decode(&make_strict, {"data: {\"error\":{\"message\":\"x\",\"code\":503}}\n\n"});
  EXPECT_EQ(own.result.error().code, ErrorCode::unavailable);
}

TEST(OpenaiStream, TakesDoneWithoutAReasonForACut) {
  EXPECT_EQ(decode(&make_tolerant, {"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n"})
                .result.error()
                .reason,
            "premature_eof");
}

}  // namespace
}  // namespace bridge
