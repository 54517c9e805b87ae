#include "ai_sdk/providers/anthropic/anthropic_stream.h"

#include "ai_sdk/core/limits.h"
#include "ai_sdk/providers/anthropic/anthropic_error.h"
#include "ai_sdk/providers/shared/json_fields.h"
#include "ai_sdk/providers/shared/tool_call_assembler.h"
#include "base/text.h"
#include "platform/http/event_stream_reader.h"

namespace bridge {

namespace {

void overwrite(std::optional<std::int64_t>& counter, std::optional<std::int64_t> value) {
  if (value) counter = value;
}

// Usage is cumulative: each report overwrites what it speaks of.
void read_usage(const json::object& usage, TokenUsage& out) {
  overwrite(out.input_tokens, count_field(usage, "input_tokens"));
  overwrite(out.output_tokens, count_field(usage, "output_tokens"));
  overwrite(out.cache_read_tokens, count_field(usage, "cache_read_input_tokens"));
  const json::object& parts = object_field(usage, "cache_creation");
  overwrite(out.cache_write_long_tokens, count_field(parts, "ephemeral_1h_input_tokens"));
  // The sum holds both kinds, and comes again without its parts.
  if (const auto written = count_field(usage, "cache_creation_input_tokens"))
    out.cache_write_tokens = std::max<std::int64_t>(0, *written - out.cache_write_long_tokens.value_or(0));
  overwrite(out.cache_write_tokens, count_field(parts, "ephemeral_5m_input_tokens"));
  if (const json::value* iterations = usage.if_contains("iterations"); iterations && iterations->is_array()) {
    // The totals leave out what the server did in between (compaction), which is paid for all the same.
    std::int64_t input = 0;
    std::int64_t output = 0;
    for (const json::value& iteration : iterations->get_array()) {
      if (!iteration.is_object()) continue;
      input += count_field(iteration.get_object(), "input_tokens").value_or(0);
      output += count_field(iteration.get_object(), "output_tokens").value_or(0);
    }
    if (!iterations->get_array().empty()) {
      out.input_tokens = std::max(input, out.input_tokens.value_or(0));
      out.output_tokens = std::max(output, out.output_tokens.value_or(0));
    }
  }
  if (const std::string_view tier = text_field(usage, "service_tier"); !tier.empty()) out.service_tier = tier;
}

FinishReason reason_of_stop(std::string_view reason) {
  if (reason == "end_turn" || reason == "stop_sequence") return FinishReason::stop;
  if (reason == "tool_use") return FinishReason::tool_calls;
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") return FinishReason::length;
  if (reason == "refusal") return FinishReason::refused;
  return FinishReason::other;
}

// A content block on its way. What `start` held and no delta replaced is sent back as it came.
struct Block {
  std::string type;
  json::object start;
  std::string text;       // of text and thinking
  std::string arguments;  // of tool_use and what looks like it
  std::string signature;
  json::array citations;
};

class AnthropicDecoder final : public StreamDecoder {
 public:
  explicit AnthropicDecoder(std::string model) : model_(std::move(model)), calls_(OrchestratorLimits{}.step_argument_bytes_max) {}

  bool has_begun() const override { return begun_; }

  Result<> feed(std::string_view bytes, const StreamSink& sink) override {
    if (finished_) return {};  // nothing counts behind the end
    return reader_.feed(bytes, [&](const ServerSentEvent& event) { return take(event, sink); });
  }

  Result<> end(const StreamSink&) override {
    if (finished_) return {};
    return stream_cut();
  }

 private:
  Result<> take(const ServerSentEvent& event, const StreamSink& sink) {
    if (finished_) return {};
    begun_ = true;
    const auto parsed = parse_json(event.data);
    if (!parsed) return stream_broken(str("an event is not JSON: ", parsed.error().message));
    if (!parsed->is_object()) return stream_broken("an event is not a JSON object");
    const json::object& data = parsed->get_object();
    const std::string_view type = text_field(data, "type");
    if (type == "content_block_delta") return take_delta(data, sink);
    if (type == "ping") return sink(KeepAlive{});
    if (type == "message_start") return take_message_start(object_field(data, "message"), sink);
    if (type == "content_block_start") return take_block_start(data, sink);
    if (type == "content_block_stop") return take_block_stop(data, sink);
    if (type == "message_delta") return take_message_delta(data, sink);
    if (type == "message_stop") return take_message_stop(sink);
    if (type == "error" || event.event == "error") return fail(anthropic_event_error(data));
    return {};  // kinds of events may be added
  }

  Result<> take_message_start(const json::object& message, const StreamSink& sink) {
    read_usage(object_field(message, "usage"), usage_);
    TRY(sink(ResponseStart{std::string(text_field(message, "id")), std::string(text_field(message, "model"))}));
    return sink(UsageUpdate{usage_});
  }

  static std::string key_of(const json::object& data) { return str(count_field(data, "index").value_or(0)); }

  Result<> take_block_start(const json::object& data, const StreamSink& sink) {
    const std::string key = key_of(data);
    TRY(calls_.end(key, false, sink));
    const json::object& start = object_field(data, "content_block");
    Block block{.type = std::string(text_field(start, "type")), .start = start};
    block.text = text_field(start, block.type == "thinking" ? "thinking" : "text");
    block.signature = text_field(start, "signature");
    blocks_.emplace_back(key, std::move(block));
    const Block& opened = blocks_.back().second;
    if (opened.type == "tool_use") {
      return calls_.start(key, std::string(text_field(start, "id")), std::string(text_field(start, "name")), sink);
    }
    if (opened.type == "text" && !opened.text.empty()) return sink(TextDelta{opened.text});
    return {};
  }

  Block* find_block(std::string_view key) {
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
      if (block->first == key) return &block->second;
    }
    return nullptr;
  }

  Result<> take_delta(const json::object& data, const StreamSink& sink) {
    const std::string key = key_of(data);
    Block* block = find_block(key);
    if (!block) return stream_broken("a delta of a block that was never begun");
    const json::object& delta = object_field(data, "delta");
    const std::string_view type = text_field(delta, "type");
    bytes_ += text_field(delta, "text").size() + text_field(delta, "thinking").size() + text_field(delta, "partial_json").size();
    if (bytes_ > kStepAnswerBytesMax) return fail(ErrorCode::resource_exhausted, "answer_too_large", "The model's answer is too large");
    if (type == "text_delta") {
      block->text += text_field(delta, "text");
      return sink(TextDelta{std::string(text_field(delta, "text"))});
    }
    if (type == "thinking_delta") {
      block->text += text_field(delta, "thinking");
      return sink(ReasoningDelta{std::string(text_field(delta, "thinking"))});
    }
    if (type == "signature_delta") {
      block->signature = text_field(delta, "signature");  // replaces, never adds
      return sink(KeepAlive{});
    }
    if (type == "input_json_delta") {
      block->arguments += text_field(delta, "partial_json");
      return calls_.append(key, text_field(delta, "partial_json"), sink);
    }
    if (type == "citations_delta") {
      if (const json::value* citation = delta.if_contains("citation")) block->citations.push_back(*citation);
    }
    return {};
  }

  Result<> take_block_stop(const json::object& data, const StreamSink& sink) {
    const std::string key = key_of(data);
    if (Block* block = find_block(key); block && calls_.is_open(key) && trim(block->arguments).empty()) {
      // Some calls come whole with their start.
      if (const json::object& input = object_field(block->start, "input"); !input.empty()) {
        block->arguments = json::serialize(input);
        TRY(calls_.append(key, block->arguments, sink));
      }
    }
    return calls_.end(key, false, sink);
  }

  Result<> take_message_delta(const json::object& data, const StreamSink& sink) {
    if (const std::string_view reason = text_field(object_field(data, "delta"), "stop_reason"); !reason.empty()) stop_reason_ = reason;
    read_usage(object_field(data, "usage"), usage_);
    usage_.complete = usage_.output_tokens.has_value() && usage_.input_tokens.has_value();
    return sink(UsageUpdate{usage_});
  }

  Result<> take_message_stop(const StreamSink& sink) {
    TRY(calls_.end_all(true, sink));
    finished_ = true;
    if (needs_verbatim()) TRY(sink(OpaquePart{{.provider = "anthropic", .model = model_, .json = verbatim()}}));
    return sink(Finish{.reason = reason_of_stop(stop_reason_), .usage = usage_, .raw_reason = stop_reason_});
  }

  bool needs_verbatim() const {
    return std::ranges::any_of(blocks_, [](const auto& block) {
      return (block.second.type != "text" && block.second.type != "tool_use") || !block.second.citations.empty();
    });
  }

  std::string verbatim() const {
    std::vector<std::string> texts;
    for (const auto& [key, block] : blocks_) {
      if (std::string text = verbatim(block); !text.empty()) texts.push_back(std::move(text));
    }
    return str("[", join(texts, ","), "]");
  }

  static std::string verbatim(const Block& block) {
    if (block.type == "text") {
      if (block.text.empty()) return {};  // empty text is refused when it comes back
      json::object out = block.start;
      out["text"] = block.text;
      if (!block.citations.empty()) out["citations"] = block.citations;
      return json::serialize(out);
    }
    if (block.type == "thinking") {
      return str(R"({"type":"thinking","thinking":)", json_literal(block.text), R"(,"signature":)", json_literal(block.signature), "}");
    }
    json::object out = block.start;
    if (!block.arguments.empty()) {
      auto input = parse_json(block.arguments, {.bytes_max = block.arguments.size() + 1});
      out["input"] = input && input->is_object() ? *input : json::value(json::object{});
    }
    return json::serialize(out);
  }

  const std::string model_;
  EventStreamReader reader_;
  ToolCallAssembler calls_;
  std::vector<std::pair<std::string, Block>> blocks_;  // by index, in order
  std::size_t bytes_ = 0;
  TokenUsage usage_;
  std::string stop_reason_;
  bool begun_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_anthropic_decoder(std::string model) { return std::make_unique<AnthropicDecoder>(std::move(model)); }

}  // namespace bridge
