#include "ai_sdk/providers/anthropic/anthropic_request.h"

#include "ai_sdk/providers/shared/data_mark.h"
#include "ai_sdk/providers/shared/json_fields.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kBytesPerToken = 4;  // of English and code, about; only decides whether a breakpoint is worth its place
constexpr std::string_view kCacheControl = R"("cache_control":{"type":"ephemeral"})";
constexpr int kBudgetLow = 2'048;
constexpr int kBudgetMedium = 8'192;
constexpr int kBudgetHigh = 16'384;
constexpr int kBudgetMin = 1'024;

// `object` with a breakpoint: a JSON object's text, its last brace taken off and put back.
std::string with_breakpoint(std::string object) {
  object.pop_back();
  return str(object, object == "{" ? "" : ",", kCacheControl, "}");
}

std::string text_block(std::string_view text) { return str(R"({"type":"text","text":)", json_literal(text), "}"); }

// A message as it goes out: content blocks, each the text of a JSON object; or the assistant's own content, word for word.
struct WireMessage {
  std::string_view role;
  std::vector<std::string> blocks;
  std::string verbatim;  // a JSON array

  std::string content() const { return verbatim.empty() ? str("[", join(blocks, ","), "]") : verbatim; }
};

std::string result_block(const ToolResult& result) {
  return str(R"({"type":"tool_result","tool_use_id":)", json_literal(result.call_id), R"(,"content":)",
             json_literal(marked_as_data(result)), result.ok ? "" : R"(,"is_error":true)", "}");
}

std::string call_block(const ToolCall& call) {
  return str(R"({"type":"tool_use","id":)", json_literal(call.id), R"(,"name":)", json_literal(call.name), R"(,"input":)",
             json::serialize(call.arguments), "}");
}

WireMessage to_wire(const Message& message, const CompletionRequest& request) {
  WireMessage out{.role = message.role == MessageRole::assistant ? "assistant" : "user"};
  if (message.role == MessageRole::assistant && message.opaque && message.opaque->provider == "anthropic" &&
      message.opaque->model == request.model) {
    out.verbatim = message.opaque->json;
    return out;
  }
  if (!trim(message.text).empty()) out.blocks.push_back(text_block(message.text));
  for (const ToolCall& call : message.tool_calls) out.blocks.push_back(call_block(call));
  for (const ToolResult& result : message.tool_results) out.blocks.push_back(result_block(result));
  return out;
}

// Neighbours of one role become one message: a turn that broke off leaves two of the user's behind each other.
std::vector<WireMessage> to_wire(const CompletionRequest& request) {
  std::vector<WireMessage> out;
  if (!request.messages) return out;
  for (const Message& message : *request.messages) {
    if (message.role == MessageRole::system) continue;
    WireMessage wire = to_wire(message, request);
    if (wire.blocks.empty() && wire.verbatim.empty()) continue;
    if (!out.empty() && out.back().role == wire.role && out.back().verbatim.empty() && wire.verbatim.empty()) {
      std::ranges::move(wire.blocks, std::back_inserter(out.back().blocks));
    } else {
      out.push_back(std::move(wire));
    }
  }
  return out;
}

class Encoder final {
 public:
  Encoder(const CompletionRequest& request, const ModelTraits& traits) : request_(request), traits_(traits) {}

  EncodedRequest encode() {
    body_ = str(R"({"model":)", json_literal(request_.model), R"(,"max_tokens":)", request_.max_output_tokens, R"(,"stream":true)");
    add_reasoning();
    add_temperature();
    add_tools();
    add_system();
    add_messages();
    out_.body = std::move(body_) + "}";
    return std::move(out_);
  }

 private:
  void warn(std::string code, std::string message) { out_.warnings.push_back({std::move(code), std::move(message)}); }

  bool worth_caching() const {
    return traits_.cache_tokens_min && prefix_bytes_ / kBytesPerToken >= static_cast<std::size_t>(*traits_.cache_tokens_min);
  }

  void add_reasoning() {
    const bool wanted = request_.reasoning && *request_.reasoning != ReasoningEffort::none;
    switch (traits_.reasoning) {
      case ReasoningKind::adaptive:
        if (wanted) add_adaptive(enum_name(*request_.reasoning));
        return;
      case ReasoningKind::always:
        if (request_.reasoning == ReasoningEffort::none)
          warn("reasoning_cannot_be_turned_off", str(request_.model, " always reasons: it was asked for little of it"));
        // Asked to show a summary: else nothing at all comes while it thinks.
        add_adaptive(wanted ? enum_name(*request_.reasoning) : request_.reasoning ? "low" : "");
        return;
      case ReasoningKind::budget: {
        if (!wanted) return;
        const int wish = *request_.reasoning == ReasoningEffort::low      ? kBudgetLow
                         : *request_.reasoning == ReasoningEffort::medium ? kBudgetMedium
                                                                          : kBudgetHigh;
        const int budget = std::min(wish, request_.max_output_tokens / 2);
        if (budget < kBudgetMin) return warn("reasoning_left_out", "There is no room for reasoning within the allowed output");
        body_ += str(R"(,"thinking":{"type":"enabled","budget_tokens":)", budget, "}");
        budgeted_ = true;
        return;
      }
      default:
        if (wanted) warn("reasoning_not_supported", str(request_.model, " does not reason on demand"));
    }
  }

  void add_adaptive(std::string_view effort) {
    body_ += R"(,"thinking":{"type":"adaptive","display":"summarized"})";
    if (!effort.empty()) body_ += str(R"(,"output_config":{"effort":)", json_literal(effort), "}");
  }

  void add_temperature() {
    if (!request_.temperature) return;
    if (!traits_.temperature_max || budgeted_)
      return warn("temperature_not_supported", str(request_.model, " takes no temperature", budgeted_ ? " while it reasons" : ""));
    double value = *request_.temperature;
    if (value > *traits_.temperature_max) {
      value = *traits_.temperature_max;
      warn("temperature_lowered", str(request_.model, " takes a temperature of at most ", value));
    }
    body_ += str(R"(,"temperature":)", value);
  }

  // All tools, offered or not: signed thinking and the cache are bound to this list.
  void add_tools() {
    if (!request_.tools || request_.tools->empty()) return;
    std::vector<std::string> tools;
    for (const ToolSpecification& tool : *request_.tools) {
      tools.push_back(str(R"({"name":)", json_literal(tool.name), R"(,"description":)", json_literal(tool.description),
                          R"(,"input_schema":)", *tool.parameters, "}"));
      prefix_bytes_ += tools.back().size();
    }
    const bool last_of_prefix = !request_.prompt_blocks || request_.prompt_blocks->empty();
    if (last_of_prefix && worth_caching()) tools.back() = with_breakpoint(std::move(tools.back()));
    body_ += str(R"(,"tools":[)", join(tools, ","), "]");
    body_ += str(R"(,"tool_choice":)", tool_choice());
  }

  std::string tool_choice() {
    switch (request_.tool_choice) {
      case ToolChoice::none: return R"({"type":"none"})";
      case ToolChoice::automatic: return R"({"type":"auto"})";
      case ToolChoice::required:
      case ToolChoice::named: break;
    }
    if (!traits_.forced_tool_choice) {
      warn("tool_choice_not_supported", str(request_.model, " cannot be made to call a tool: it was left free to"));
      return R"({"type":"auto"})";
    }
    if (request_.tool_choice == ToolChoice::required) return R"({"type":"any"})";
    return str(R"({"type":"tool","name":)", json_literal(request_.tool_name), "}");
  }

  void add_system() {
    if (!request_.prompt_blocks || request_.prompt_blocks->empty()) return;
    std::vector<std::string> blocks;
    std::optional<std::size_t> breakpoint;
    for (const PromptText& prompt : *request_.prompt_blocks) {
      if (trim(prompt.content).empty()) continue;
      blocks.push_back(text_block(prompt.content));
      prefix_bytes_ += blocks.back().size();
      if (prompt.cache && worth_caching()) breakpoint = blocks.size() - 1;
    }
    if (blocks.empty()) return;
    if (breakpoint) blocks[*breakpoint] = with_breakpoint(std::move(blocks[*breakpoint]));
    body_ += str(R"(,"system":[)", join(blocks, ","), "]");
  }

  void add_messages() {
    std::vector<WireMessage> messages = to_wire(request_);
    std::vector<std::size_t> candidates;  // messages of the user's side whose prefix is long enough
    for (std::size_t i = 0; i < messages.size(); ++i) {
      prefix_bytes_ += messages[i].verbatim.size();
      for (const std::string& block : messages[i].blocks) prefix_bytes_ += block.size();
      if (messages[i].role == "user" && worth_caching()) candidates.push_back(i);
    }
    for (std::size_t i = 0; i < candidates.size() && i < 2; ++i) {
      std::vector<std::string>& blocks = messages[candidates[candidates.size() - 1 - i]].blocks;
      blocks.back() = with_breakpoint(std::move(blocks.back()));
    }
    std::vector<std::string> texts;
    for (const WireMessage& message : messages)
      texts.push_back(str(R"({"role":")", message.role, R"(","content":)", message.content(), "}"));
    body_ += str(R"(,"messages":[)", join(texts, ","), "]");
  }

  const CompletionRequest& request_;
  const ModelTraits& traits_;
  EncodedRequest out_;
  std::string body_;
  std::size_t prefix_bytes_ = 0;
  bool budgeted_ = false;
};

}  // namespace

EncodedRequest encode_anthropic_request(const CompletionRequest& request, const ModelTraits& traits) {
  return Encoder(request, traits).encode();
}

}  // namespace bridge
