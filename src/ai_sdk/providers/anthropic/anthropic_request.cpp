#include "ai_sdk/providers/anthropic/anthropic_request.h"

#include "ai_sdk/providers/shared/data_mark.h"
#include "ai_sdk/providers/shared/json_fields.h"
#include "ai_sdk/providers/shared/wire_names.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kBytesPerToken = 4;          // of English and code, about; only decides whether a breakpoint is worth its place
constexpr std::size_t kMessageBreakpointsMax = 2;  // beside the one of the system prompt
constexpr std::string_view kCacheControl = R"("cache_control":{"type":"ephemeral"})";
constexpr int kBudgetLow = 2'048;
constexpr int kBudgetMedium = 8'192;
constexpr int kBudgetHigh = 16'384;
constexpr int kBudgetMin = 1'024;

bool is_verbatim(const Message& message, const CompletionRequest& request) {
  return message.role == MessageRole::assistant && message.opaque && message.opaque->provider == "anthropic" &&
         message.opaque->model == request.model;
}

std::string_view wire_role(const Message& message) { return message.role == MessageRole::assistant ? "assistant" : "user"; }

class Encoder final {
 public:
  Encoder(const CompletionRequest& request, const ModelTraits& traits) : request_(request), traits_(traits) {}

  EncodedRequest encode() {
    body_.reserve(likely_bytes());
    body_ += str(R"({"model":)", json_literal(request_.model), R"(,"max_tokens":)", request_.max_output_tokens, R"(,"stream":true)");
    add_reasoning();
    add_temperature();
    add_tools();
    add_system();
    add_messages();
    body_ += '}';
    out_.body = std::move(body_);
    return std::move(out_);
  }

 private:
  void warn(std::string code, std::string message) { out_.warnings.push_back({std::move(code), std::move(message)}); }

  // About as much as prompts, tools and words come to, so that the body is not moved while it grows.
  std::size_t likely_bytes() const {
    std::size_t bytes = 1'024;
    if (request_.prompt_blocks)
      for (const PromptText& prompt : *request_.prompt_blocks) bytes += prompt.content.size();
    if (request_.tools)
      for (const ToolSpecification& tool : *request_.tools) bytes += tool.description.size() + tool.parameters->size();
    if (request_.messages)
      for (const Message& message : *request_.messages) bytes += message.text.size() + (message.opaque ? message.opaque->json.size() : 0);
    return bytes + bytes / 8;
  }

  // The prefix is what is written so far.
  bool worth_caching() const {
    return traits_.cache_tokens_min && body_.size() / kBytesPerToken >= static_cast<std::size_t>(*traits_.cache_tokens_min);
  }

  // Into the object that ends with the brace at `brace`.
  void put_breakpoint(std::size_t brace) { body_.insert(brace, str(",", kCacheControl)); }

  void add_text(std::string_view text) {
    body_ += R"({"type":"text","text":)";
    append_json_literal(body_, text);
    body_ += '}';
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
    body_ += R"(,"tools":[)";
    for (const ToolSpecification& tool : *request_.tools) {
      body_ += R"({"name":)";
      append_json_literal(body_, tool.name);
      body_ += R"(,"description":)";
      append_json_literal(body_, tool.description);
      body_ += str(R"(,"input_schema":)", *tool.parameters, "},");
    }
    body_.back() = ']';
    const bool last_of_prefix = !request_.prompt_blocks || request_.prompt_blocks->empty();
    if (last_of_prefix && worth_caching()) put_breakpoint(body_.size() - 2);
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
    std::optional<std::size_t> breakpoint;
    const std::size_t before = body_.size();
    body_ += R"(,"system":[)";
    for (const PromptText& prompt : *request_.prompt_blocks) {
      if (trim(prompt.content).empty()) continue;
      add_text(prompt.content);
      if (prompt.cache && worth_caching()) breakpoint = body_.size() - 1;
      body_ += ',';
    }
    if (body_.back() == '[') return body_.resize(before);
    body_.back() = ']';
    if (breakpoint) put_breakpoint(*breakpoint);
  }

  // Neighbours of one role become one message: a turn that broke off leaves two of the user's behind each other.
  void add_messages() {
    static const std::vector<Message> none;
    const std::vector<Message>& messages = request_.messages ? *request_.messages : none;
    std::vector<std::size_t> candidates;  // the last brace of messages of the user's side whose prefix is long enough
    std::string_view open_role;           // of the message whose blocks are being written
    const auto close = [&] {
      if (open_role.empty()) return;
      body_.back() = ']';
      if (open_role == "user" && worth_caching()) candidates.push_back(body_.size() - 2);
      body_ += "},";
      open_role = {};
    };
    body_ += R"(,"messages":[)";
    for (const Message& message : messages) {
      if (message.role == MessageRole::system) continue;
      if (message.role == MessageRole::assistant) ids_.begin(message);
      if (is_verbatim(message, request_)) {
        if (const std::string content = content_of(*message.opaque); !content.empty()) {
          close();
          body_ += str(R"({"role":"assistant","content":)", content, "},");
          continue;
        }
      }
      const bool has_text = !trim(message.text).empty();
      if (!has_text && message.tool_calls.empty() && message.tool_results.empty()) continue;
      if (open_role != wire_role(message)) {
        close();
        open_role = wire_role(message);
        body_ += str(R"({"role":")", open_role, R"(","content":[)");
      }
      if (has_text) {
        add_text(message.text);
        body_ += ',';
      }
      for (const ToolCall& call : message.tool_calls) add_call(call);
      for (const ToolResult& result : message.tool_results) add_result(result);
    }
    close();
    if (body_.back() == ',') body_.pop_back();
    body_ += ']';
    // The last two, the later one first: it moves nothing that is before it.
    for (std::size_t i = 0; i < candidates.size() && i < kMessageBreakpointsMax; ++i) put_breakpoint(candidates[candidates.size() - 1 - i]);
  }

  // Byte for byte, but for what would be refused: thoughts that were cut, of which a transcript may hold some, and ids and names that no
  // tool of the vendor's can have. Empty when nothing is left of it.
  std::string content_of(const OpaqueContent& opaque) const {
    if (ids_.unchanged() && !may_hold_cut_thoughts(opaque.json)) return opaque.json;
    const auto blocks = parse_json(opaque.json, {.bytes_max = opaque.json.size() + 1});
    if (!blocks || !blocks->is_array()) return {};
    json::array kept;
    for (const json::value& value : blocks->get_array()) {
      if (!value.is_object()) continue;
      json::object block = value.get_object();
      const std::string_view type = text_field(block, "type");
      if (type == "thinking" && text_field(block, "signature").empty()) continue;
      if (type == "tool_use") {
        block["id"] = json::string(ids_.id_of(text_field(block, "id")));
        block["name"] = json::string(wire_name(text_field(block, "name")));
      }
      kept.push_back(std::move(block));
    }
    while (!kept.empty() && is_thought(kept.back().get_object())) kept.pop_back();
    return kept.empty() ? std::string() : json_text(kept);
  }

  static bool is_thought(const json::object& block) {
    const std::string_view type = text_field(block, "type");
    return type == "thinking" || type == "redacted_thinking";
  }

  // A look at the bytes, so that nearly no content has to be read: a thought without its signature, or one that comes last.
  static bool may_hold_cut_thoughts(std::string_view content) {
    if (content.contains(R"("signature":"")")) return true;
    const std::size_t last = content.rfind(R"({"type":")");
    return last != std::string_view::npos && content.substr(last + 9).substr(0, 20).contains("thinking");
  }

  void add_call(const ToolCall& call) {
    body_ += str(R"({"type":"tool_use","id":)", json_literal(ids_.id_of(call.id)), R"(,"name":)", json_literal(wire_name(call.name)),
                 R"(,"input":)", json_text(call.arguments), "},");
  }

  void add_result(const ToolResult& result) {
    body_ += str(R"({"type":"tool_result","tool_use_id":)", json_literal(ids_.id_of(result.call_id)), R"(,"content":)");
    append_json_literal(body_, marked_as_data(result));
    body_ += result.ok ? "}," : R"(,"is_error":true},)";
  }

  const CompletionRequest& request_;
  const ModelTraits& traits_;
  EncodedRequest out_;
  std::string body_;
  WireIds ids_;
  bool budgeted_ = false;
};

}  // namespace

EncodedRequest encode_anthropic_request(const CompletionRequest& request, const ModelTraits& traits) {
  return Encoder(request, traits).encode();
}

}  // namespace bridge
