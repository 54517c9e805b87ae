#include "ai_sdk/providers/openai/openai_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace bridge {
namespace {

struct Asking {
  explicit Asking(std::string model = "gpt-6.1-sol", std::string_view profile_name = "openai")
      : profile(*find_openai_profile(profile_name, "")) {
    request.model = std::move(model);
    request.prompt_blocks = &blocks;
    request.messages = &messages;
    request.tools = &tools;
    request.session_id = SessionId("s");
  }
  EncodedRequest encode() const { return encode_openai_request(request, traits_of_model("openai", request.model), profile); }
  json::object body() const { return parse_json(encode().body)->as_object(); }
  std::vector<std::string> warnings() const {
    std::vector<std::string> codes;
    for (const ProviderWarning& warning : encode().warnings) codes.push_back(warning.code);
    return codes;
  }
  OpenaiProfile profile;
  std::vector<PromptText> blocks{{.name = "a", .content = "Be brief."}, {.name = "b", .content = "Be right."}};
  std::vector<Message> messages{{.text = "Which airports are late?"}};
  std::vector<ToolSpecification> tools{
      {.name = "list_tables", .description = "Lists.", .parameters = std::make_shared<const std::string>(R"({"type":"object"})")},
      {.name = "save", .description = "Saves.", .parameters = std::make_shared<const std::string>(R"({"type":"object"})")}};
  CompletionRequest request;
};

TEST(OpenaiRequest, PutsThePromptBlocksIntoOneSystemMessageInFront) {
  const json::object body = Asking().body();
  const json::array& messages = body.at("messages").as_array();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].as_object().at("content").as_string(), "Be brief.\n\nBe right.");
  EXPECT_TRUE(body.at("stream_options").as_object().at("include_usage").as_bool());
  EXPECT_TRUE(body.contains("max_completion_tokens"));
  EXPECT_EQ(body.at("prompt_cache_key").as_string(), "s");
}

TEST(OpenaiRequest, AnswersEachCallWithAMessageOfItsOwn) {
  Asking asking;
  asking.messages.push_back({.role = MessageRole::assistant,
                             .tool_calls = {{.id = "a", .name = "x", .arguments = {{"n", 1}}}, {.id = "b", .name = "y", .arguments = {}}}});
  asking.messages.push_back({.role = MessageRole::tool,
                             .tool_results = {{.call_id = "a", .name = "x", .content = {}}, {.call_id = "b", .name = "y", .content = {}}}});
  const json::object body = asking.body();
  const json::array& messages = body.at("messages").as_array();
  ASSERT_EQ(messages.size(), 5u);
  EXPECT_TRUE(messages[2].as_object().at("content").is_null());
  EXPECT_EQ(messages[2].as_object().at("tool_calls").as_array().at(0).as_object().at("function").as_object().at("arguments").as_string(),
            R"({"n":1})");
  EXPECT_EQ(messages[3].as_object().at("tool_call_id").as_string(), "a");
  EXPECT_EQ(messages[4].as_object().at("tool_call_id").as_string(), "b");
}

TEST(OpenaiRequest, SendsIdsAndNamesBackThatTheServerTakes) {
  Asking asking;
  const std::string id(64, 'x');
  asking.messages.push_back({.role = MessageRole::assistant, .tool_calls = {{.id = id, .name = "", .arguments = {{"n", 1.5}}}}});
  asking.messages.push_back({.role = MessageRole::tool, .tool_results = {{.call_id = id, .name = "", .content = {}}}});
  const json::object body = asking.body();
  const json::object& call = body.at("messages").as_array()[2].as_object().at("tool_calls").as_array().at(0).as_object();
  EXPECT_LE(call.at("id").as_string().size(), 40u);
  EXPECT_EQ(call.at("id"), body.at("messages").as_array()[3].as_object().at("tool_call_id"));
  EXPECT_FALSE(call.at("function").as_object().at("name").as_string().empty());
  EXPECT_EQ(call.at("function").as_object().at("arguments").as_string(), R"({"n":1.5})");
}

TEST(OpenaiRequest, TellsModelsThatReasonNotToWhereToolsWouldBeRefused) {
  Asking asking("gpt-5.6-sol");
  EXPECT_EQ(asking.body().at("reasoning_effort").as_string(), "none") << "also when nothing was asked for";
  EXPECT_THAT(asking.warnings(), testing::IsEmpty());
  asking.request.reasoning = ReasoningEffort::high;
  EXPECT_EQ(asking.body().at("reasoning_effort").as_string(), "none");
  EXPECT_THAT(asking.warnings(), testing::ElementsAre("reasoning_not_with_tools"));
  asking.tools.clear();
  EXPECT_EQ(asking.body().at("reasoning_effort").as_string(), "high");
  Asking older("gpt-5-mini");
  EXPECT_FALSE(older.body().contains("reasoning_effort"));
  older.request.reasoning = ReasoningEffort::none;
  EXPECT_EQ(older.body().at("reasoning_effort").as_string(), "minimal");
}

TEST(OpenaiRequest, NarrowsTheToolsWithoutChangingTheirList) {
  Asking asking;
  asking.tools[1].offered = false;
  EXPECT_EQ(asking.body().at("tools").as_array().size(), 2u);
  EXPECT_EQ(json::serialize(asking.body().at("tool_choice")),
            R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"list_tables"}}]}})");
  Asking compatible("llama-4", "compatible");
  compatible.tools[1].offered = false;
  EXPECT_EQ(compatible.body().at("tools").as_array().size(), 1u);
  EXPECT_EQ(compatible.body().at("tool_choice").as_string(), "auto");
}

TEST(OpenaiRequest, LeavesOutWhatAServerDoesNotTake) {
  const json::object body = Asking("llama-4", "minimal").body();
  EXPECT_TRUE(body.contains("max_tokens"));
  for (const char* name : {"max_completion_tokens", "stream_options", "prompt_cache_key", "reasoning_effort"})
    EXPECT_FALSE(body.contains(name)) << name;
}

TEST(OpenaiRequest, LeavesOutATemperatureThatTheModelDoesNotTakeAndSaysSo) {
  Asking asking;
  asking.request.temperature = 0.2;
  EXPECT_FALSE(asking.body().contains("temperature"));
  EXPECT_THAT(asking.warnings(), testing::ElementsAre("temperature_not_supported"));
  Asking other("llama-4", "compatible");
  other.request.temperature = 0.2;
  EXPECT_TRUE(other.body().contains("temperature"));
}

TEST(OpenaiRequest, ForcesAToolOrNone) {
  Asking asking;
  asking.request.tool_choice = ToolChoice::required;
  EXPECT_EQ(asking.body().at("tool_choice").as_string(), "required");
  asking.request.tool_choice = ToolChoice::none;
  EXPECT_EQ(asking.body().at("tool_choice").as_string(), "none");
  asking.request.tool_choice = ToolChoice::named;
  asking.request.tool_name = "save";
  EXPECT_EQ(json::serialize(asking.body().at("tool_choice")), R"({"type":"function","function":{"name":"save"}})");
}

TEST(OpenaiRequest, DoesNotSendWhatOnlyAnotherProviderUnderstands) {
  Asking asking;
  asking.messages.push_back(
      {.role = MessageRole::assistant, .text = "Yes.", .opaque = OpaqueContent{"anthropic", "m", R"([{"signature":"x"}])"}});
  EXPECT_THAT(asking.encode().body, testing::Not(testing::HasSubstr("signature")));
  EXPECT_THAT(asking.encode().body, testing::HasSubstr(R"({"role":"assistant","content":"Yes."})"));
}

}  // namespace
}  // namespace bridge
