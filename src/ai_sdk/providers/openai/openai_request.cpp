#include "ai_sdk/providers/openai/openai_request.h"

#include "ai_sdk/providers/shared/data_mark.h"
#include "ai_sdk/providers/shared/json_fields.h"
#include "ai_sdk/providers/shared/wire_names.h"
#include "base/text.h"

namespace bridge {

namespace {

std::string call_text(const ToolCall& call, const WireIds& ids) {
  return str(R"({"id":)", json_literal(ids.id_of(call.id)), R"(,"type":"function","function":{"name":)", json_literal(wire_name(call.name)),
             R"(,"arguments":)", json_literal(json_text(call.arguments)), "}}");
}

std::string assistant_text(const Message& message, const WireIds& ids) {
  std::string out = str(R"({"role":"assistant","content":)", message.text.empty() ? "null" : json_literal(message.text));
  if (!message.tool_calls.empty()) {
    std::vector<std::string> calls;
    for (const ToolCall& call : message.tool_calls) calls.push_back(call_text(call, ids));
    out += str(R"(,"tool_calls":[)", join(calls, ","), "]");
  }
  return out + "}";
}

std::string function_name(const ToolSpecification& tool) {
  return str(R"({"type":"function","function":{"name":)", json_literal(tool.name), "}}");
}

class Encoder final {
 public:
  Encoder(const CompletionRequest& request, const ModelTraits& traits, const OpenaiProfile& profile)
      : request_(request), traits_(traits), profile_(profile) {}

  EncodedRequest encode() {
    const OutputField field = profile_.output_field == OutputField::by_model ? traits_.output_field : profile_.output_field;
    body_ =
        str(R"({"model":)", json_literal(request_.model), ",\"", enum_name(field), "\":", request_.max_output_tokens, R"(,"stream":true)");
    if (profile_.stream_usage)
      body_ += str(R"(,"stream_options":{"include_usage":true)", profile_.hide_obfuscation ? R"(,"include_obfuscation":false)" : "", "}");
    if (profile_.prompt_cache_key && !request_.session_id.empty())
      body_ += str(R"(,"prompt_cache_key":)", json_literal(request_.session_id.value()));
    add_reasoning();
    add_temperature();
    add_tools();
    add_messages();
    out_.body = std::move(body_) + "}";
    return std::move(out_);
  }

 private:
  void warn(std::string code, std::string message) { out_.warnings.push_back({std::move(code), std::move(message)}); }
  bool has_tools() const { return request_.tools && !request_.tools->empty(); }

  void add_reasoning() {
    const bool wanted = request_.reasoning && *request_.reasoning != ReasoningEffort::none;
    const bool takes_effort = traits_.reasoning == ReasoningKind::effort || traits_.reasoning == ReasoningKind::effort_without_tools;
    if (!takes_effort || !profile_.reasoning_effort) {
      if (wanted) warn("reasoning_not_supported", str(request_.model, " does not reason on demand"));
      return;
    }
    if (traits_.reasoning == ReasoningKind::effort_without_tools && has_tools()) {
      // With tools these models refuse any effort but none, and also silence about it.
      body_ += R"(,"reasoning_effort":"none")";
      if (wanted) warn("reasoning_not_with_tools", str(request_.model, " does not reason when it has tools"));
      return;
    }
    if (!request_.reasoning) return;
    const bool has_none = traits_.reasoning == ReasoningKind::effort_without_tools;
    body_ += str(R"(,"reasoning_effort":")", wanted || has_none ? enum_name(*request_.reasoning) : "minimal", "\"");
  }

  void add_temperature() {
    if (!request_.temperature) return;
    if (!traits_.temperature_max) return warn("temperature_not_supported", str(request_.model, " takes no temperature"));
    const double value = std::min(*request_.temperature, *traits_.temperature_max);
    if (value < *request_.temperature) warn("temperature_lowered", str(request_.model, " takes a temperature of at most ", value));
    body_ += str(R"(,"temperature":)", value);
  }

  // The list of tools stays the same for as long as the server can be told apart from it which of them may be called now: the cache
  // depends on it.
  void add_tools() {
    if (!has_tools()) return;
    const bool all_offered = std::ranges::all_of(*request_.tools, &ToolSpecification::offered);
    const bool narrow = !all_offered && profile_.allowed_tools && request_.tool_choice == ToolChoice::automatic;
    std::vector<std::string> tools;
    std::vector<std::string> allowed;
    for (const ToolSpecification& tool : *request_.tools) {
      if (!tool.offered && !profile_.allowed_tools) continue;
      if (tool.offered) allowed.push_back(function_name(tool));
      tools.push_back(str(R"({"type":"function","function":{"name":)", json_literal(tool.name), R"(,"description":)",
                          json_literal(tool.description), R"(,"parameters":)", *tool.parameters, "}}"));
    }
    if (tools.empty()) return;
    body_ += str(R"(,"tools":[)", join(tools, ","), R"(],"tool_choice":)");
    switch (request_.tool_choice) {
      case ToolChoice::none: body_ += R"("none")"; return;
      case ToolChoice::automatic:
        body_ += narrow ? str(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)", join(allowed, ","), "]}}")
                        : std::string(R"("auto")");
        return;
      case ToolChoice::required:
      case ToolChoice::named: break;
    }
    if (!traits_.forced_tool_choice) {
      warn("tool_choice_not_supported", str(request_.model, " cannot be made to call a tool: it was left free to"));
      body_ += R"("auto")";
    } else if (request_.tool_choice == ToolChoice::required) {
      body_ += R"("required")";
    } else {
      body_ += str(R"({"type":"function","function":{"name":)", json_literal(request_.tool_name), "}}");
    }
  }

  void add_messages() {
    std::vector<std::string> messages;
    if (request_.prompt_blocks && !request_.prompt_blocks->empty()) {
      std::vector<std::string> texts;
      for (const PromptText& block : *request_.prompt_blocks) texts.emplace_back(trim(block.content));
      messages.push_back(str(R"({"role":"system","content":)", json_literal(join(texts, "\n\n")), "}"));
    }
    static const std::vector<Message> none;
    WireIds ids;
    for (const Message& message : request_.messages ? *request_.messages : none) {
      switch (message.role) {
        case MessageRole::user: messages.push_back(str(R"({"role":"user","content":)", json_literal(message.text), "}")); break;
        case MessageRole::assistant:
          ids.begin(message);
          if (!message.text.empty() || !message.tool_calls.empty()) messages.push_back(assistant_text(message, ids));
          break;
        case MessageRole::tool:
          for (const ToolResult& result : message.tool_results) {
            messages.push_back(str(R"({"role":"tool","tool_call_id":)", json_literal(ids.id_of(result.call_id)), R"(,"content":)",
                                   json_literal(marked_as_data(result)), "}"));
          }
          break;
        case MessageRole::system: break;
      }
    }
    body_ += str(R"(,"messages":[)", join(messages, ","), "]");
  }

  const CompletionRequest& request_;
  const ModelTraits& traits_;
  const OpenaiProfile& profile_;
  EncodedRequest out_;
  std::string body_;
};

}  // namespace

EncodedRequest encode_openai_request(const CompletionRequest& request, const ModelTraits& traits, const OpenaiProfile& profile) {
  return Encoder(request, traits, profile).encode();
}

}  // namespace bridge
