#include "ai_sdk/providers/openai/openai_stream.h"

#include <gtest/gtest.h>

#include "ai_sdk/testing/codec_contract.h"
#include "base/text.h"

namespace bridge {
namespace {

constexpr const char* kFolder = "ai_sdk/providers/openai/testdata";
constexpr int kMutations = 4'000;

OpenaiProfile profile(std::string_view name) { return *find_openai_profile(name, ""); }
const std::vector<std::string> kTools{"list_datasets", "list_tables", "run_dry_run_query", "run_query"};
std::unique_ptr<StreamDecoder> make_strict() { return make_openai_decoder(profile("openai"), "call_1_", kTools); }
std::unique_ptr<StreamDecoder> make_tolerant() { return make_openai_decoder(profile("compatible"), "call_1_", kTools); }

Decoded decode_file(std::string_view name, const DecoderFactory& make = &make_tolerant) {
  for (const auto& [file, stream] : read_streams(kFolder)) {
    if (file == name) return decode(make, {stream});
  }
  ADD_FAILURE() << "no stream " << name;
  return {};
}

std::string arguments(const ToolCallEnd& call) { return json::serialize(call.call.arguments); }

TEST(OpenaiStream, GivesTheSamePartsForEverySplitOfEveryStream) {
  // What a profile changes is not how bytes are put together: one is enough for most.
  for (const auto& [name, stream] : read_streams(kFolder)) {
    check_splits(&make_tolerant, name, stream);
    if (name == "text") check_splits(&make_strict, name, stream);
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

// The name alone, behind a whole call, is the beginning of another one when arguments follow.
TEST(OpenaiStream, TellsCallsOfOneToolApartThatHaveNeitherIdNorIndex) {
  const auto calls = decode_file("one_name_for_two_calls").calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(arguments(calls[0]), R"({"sql":"SELECT 1"})");
  EXPECT_EQ(arguments(calls[1]), R"({"sql":"SELECT 2"})");
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

TEST(OpenaiStream, TakesDoneWithoutAReasonForTheEndOfWhatCame) {
  const Decoded words = decode(&make_strict, {"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n"});
  ASSERT_TRUE(words.result);
  EXPECT_EQ(words.finish()->reason, FinishReason::stop);
  EXPECT_EQ(decode(&make_tolerant, {"data: [DONE]\n\n"}).result.error().reason, "premature_eof") << "nothing came";
  const auto calls = decode_file("done_without_a_reason").calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].problem, "");
  EXPECT_NE(calls[1].problem, "") << "nobody said that it was whole";
}

TEST(OpenaiStream, GoesOnWithACallWhoseIdIsNewInEveryChunk) {
  for (const char* file : {"new_id_in_every_chunk", "new_id_and_name_in_every_chunk", "new_id_in_every_chunk_without_index"}) {
    const auto calls = decode_file(file).calls();
    ASSERT_EQ(calls.size(), 1u) << file;
    EXPECT_EQ(calls[0].call.name, "run_query");
    EXPECT_EQ(calls[0].call.id, "call_1");
    EXPECT_EQ(arguments(calls[0]), R"({"sql":"SELECT 1"})");
  }
}

TEST(OpenaiStream, GoesOnWithACallWhoseIndexIsNewInEveryChunk) {
  const auto calls = decode_file("index_counts_the_chunks").calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(arguments(calls[0]), R"({"sql":"SELECT 1"})");
}

TEST(OpenaiStream, ReadsArgumentsBehindEmptyObjects) {
  const auto calls = decode_file("empty_objects_in_front").calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(arguments(calls[0]), R"({"sql":"SELECT 1"})");
}

TEST(OpenaiStream, TellsCallsOfOneIdApartByTheirIndexAndGivesThemIds) {
  const auto calls = decode_file("one_id_for_two_calls").calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(arguments(calls[0]), R"({"sql":"SELECT 1"})");
  EXPECT_EQ(arguments(calls[1]), R"({"sql":"SELECT 2"})");
  EXPECT_EQ(calls[2].call.name, "list_tables");
  EXPECT_EQ(calls[0].call.id, "same");
  EXPECT_TRUE(calls[1].call.id.starts_with("call_1_"));
  EXPECT_NE(calls[1].call.id, calls[2].call.id);
}

TEST(OpenaiStream, PutsNamesTogetherThatComeLateOrInPieces) {
  const auto calls = decode_file("names_in_pieces").calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].call.name, "run_query");
  EXPECT_EQ(arguments(calls[0]), R"({"sql":"SELECT 1"})");
  EXPECT_EQ(calls[1].call.name, "list_tables");
}

TEST(OpenaiStream, SkipsEventsThatHoldNothing) { EXPECT_EQ(decode_file("events_that_hold_nothing").calls().size(), 1u); }

TEST(OpenaiStream, ReadsTheCallOfTheFormBeforeTools) {
  const Decoded decoded = decode_file("one_call_in_the_form_before_tools");
  ASSERT_EQ(decoded.calls().size(), 1u);
  EXPECT_EQ(decoded.calls()[0].call.name, "run_query");
  EXPECT_EQ(arguments(decoded.calls()[0]), R"({"sql":"SELECT 1"})");
  EXPECT_EQ(decoded.finish()->reason, FinishReason::tool_calls);
}

TEST(OpenaiStream, ReadsContentInPartsAndWholeMessages) {
  EXPECT_EQ(decode_file("content_in_parts").text(), "ORD is late.");
  EXPECT_EQ(decode_file("whole_message").text(), "ORD is late.");
  ASSERT_EQ(decode_file("whole_message").calls().size(), 2u);
  EXPECT_EQ(arguments(decode_file("whole_message").calls()[0]), R"({"sql":"SELECT 1"})");
  EXPECT_EQ(decode_file("whole_message_behind_its_deltas").text(), "ORD is late.") << "once";
}

TEST(OpenaiStream, JoinsTheHalvesOfACharacterAndReplacesThoseThatAreAlone) {
  const Decoded decoded = decode_file("halves_of_characters");
  EXPECT_EQ(decoded.text(), "late 🛬 here and \uFFFD alone \uFFFD");
  ASSERT_EQ(decoded.calls().size(), 1u);
  EXPECT_EQ(decoded.calls()[0].call.id, "c\uFFFD");
  EXPECT_EQ(decoded.calls()[0].call.arguments.at("sql").as_string(), "🛬 \uFFFD");
}

TEST(OpenaiStream, TakesThoughtsInFrontOutOfTheWords) {
  const Decoded decoded = decode_file("thoughts_in_front");
  EXPECT_EQ(decoded.text(), "ORD <think>.");
  std::string thoughts;
  for (const StreamPart& part : decoded.parts) {
    if (const auto* reasoning = std::get_if<ReasoningDelta>(&part)) thoughts += reasoning->text;
  }
  EXPECT_EQ(thoughts, "They ask </think of delays") << "a mark that is cut may be none";
}

TEST(OpenaiStream, CountsTheCacheInTheWordsOfOtherServers) {
  const Decoded decoded = decode(&make_tolerant, {R"(data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}],)"
                                                  R"("usage":{"prompt_tokens":10,"prompt_cache_hit_tokens":8,"completion_tokens":1}})"
                                                  "\n\n"});
  EXPECT_EQ(decoded.finish()->usage.cache_read_tokens, 8);
  EXPECT_EQ(decoded.finish()->usage.input_tokens, 2);
}

TEST(OpenaiStream, SaysWhenItIsWhole) {
  const std::string last = R"(data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]})"
                           "\n\n";
  const StreamSink sink = [](const StreamPart&) { return Result<>{}; };
  for (const auto& make : {&make_strict, &make_tolerant}) {
    const auto decoder = make();
    EXPECT_EQ(decoder->wholeness(), StreamDecoder::Wholeness::open);
    ASSERT_TRUE(decoder->feed(last, sink));
    EXPECT_EQ(decoder->wholeness(), make == &make_strict ? StreamDecoder::Wholeness::open : StreamDecoder::Wholeness::may_end);
    ASSERT_TRUE(decoder->feed("data: [DONE]\n\n", sink));
    EXPECT_EQ(decoder->wholeness(), StreamDecoder::Wholeness::ended);
  }
}

}  // namespace
}  // namespace bridge
