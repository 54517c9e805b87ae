#include "ai_sdk/providers/anthropic/anthropic_stream.h"

#include "ai_sdk/core/limits.h"
#include "ai_sdk/providers/anthropic/anthropic_error.h"
#include "ai_sdk/providers/shared/json_fields.h"
#include "ai_sdk/providers/shared/mended_text.h"
#include "ai_sdk/providers/shared/tool_call_assembler.h"
#include "base/text.h"
#include "platform/http/event_stream_reader.h"

namespace bridge {

namespace {

void overwrite(std::optional<std::int64_t>& counter, std::optional<std::int64_t> value) {
  if (value) counter = value;
}

void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> value) {
  if (value) sum = sum.value_or(0) + *value;
}
void raise(std::optional<std::int64_t>& counter, std::optional<std::int64_t> value) {
  if (value) counter = std::max(*value, counter.value_or(0));
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
    TokenUsage all;
    for (const json::value& iteration : iterations->get_array()) {
      if (!iteration.is_object()) continue;
      TokenUsage one;
      read_usage(iteration.get_object(), one);
      add(all.input_tokens, one.input_tokens);
      add(all.output_tokens, one.output_tokens);
      add(all.cache_read_tokens, one.cache_read_tokens);
      add(all.cache_write_tokens, one.cache_write_tokens);
      add(all.cache_write_long_tokens, one.cache_write_long_tokens);
    }
    raise(out.input_tokens, all.input_tokens);
    raise(out.output_tokens, all.output_tokens);
    raise(out.cache_read_tokens, all.cache_read_tokens);
    raise(out.cache_write_tokens, all.cache_write_tokens);
    raise(out.cache_write_long_tokens, all.cache_write_long_tokens);
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
  std::string call_id;  // of tool_use: the id it goes by
  TextMender mender;    // of text and thinking
  bool closed = false;
};

bool is_thought(const Block& block) { return block.type == "thinking" || block.type == "redacted_thinking"; }

class AnthropicDecoder final : public StreamDecoder {
 public:
  AnthropicDecoder(std::string model, std::string call_id_prefix)
      : model_(std::move(model)), calls_(OrchestratorLimits{}.step_argument_bytes_max, std::move(call_id_prefix)) {}

  bool has_begun() const override { return begun_; }
  Wholeness wholeness() const override { return finished_ ? Wholeness::ended : Wholeness::open; }

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
    // Proxies keep a line alive with events that hold nothing.
    if (trim(event.data).empty() || event.event == "ping") return sink(KeepAlive{});
    begun_ = true;
    if (trim(event.data) == "[DONE]") return stop_reason_.empty() ? end(sink) : take_message_stop(sink);
    const auto parsed = parse_event_json(event.data);
    if (!parsed) return stream_broken(str("an event is not JSON: ", parsed.error().message));
    if (parsed->is_null()) return sink(KeepAlive{});
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
    TRY(close(key, sink));
    const json::object& start = object_field(data, "content_block");
    Block& block = open_block(key, std::string(text_field(start, "type")));
    block.start = start;
    block.signature = text_field(start, "signature");
    if (block.type == "tool_use") {
      TRY(calls_.start(key, text_field(start, "id"), text_field(start, "name"), sink));
      block.call_id = calls_.id_of(key);
    }
    if (block.type == "text") return take_text(block, text_field(start, "text"), sink);
    if (block.type == "thinking") block.text = text_field(start, "thinking");
    return {};
  }

  Block& open_block(const std::string& key, std::string type) {
    blocks_.emplace_back(key, Block{.type = type, .start = {{"type", type}}});
    return blocks_.back().second;
  }

  // Words after a call are not the same sentence as those before it.
  Result<> take_text(Block& block, std::string_view piece, const StreamSink& sink) {
    std::string text = block.mender.take(piece);
    if (text.empty()) return sink(KeepAlive{});
    if (block.text.empty() && said_ && call_since_said_ && !trim(text).empty()) TRY(sink(TextDelta{"\n\n"}));
    if (!trim(text).empty()) said_ = true, call_since_said_ = false;
    block.text += text;
    return sink(TextDelta{std::move(text)});
  }

  Result<> take_thought(Block& block, std::string_view piece, const StreamSink& sink) {
    std::string text = block.mender.take(piece);
    if (text.empty()) return sink(KeepAlive{});
    block.text += text;
    return sink(ReasoningDelta{std::move(text)});
  }

  // What a server's delta means for a block that it never began.
  static std::string_view type_of_delta(std::string_view type) {
    if (type == "text_delta") return "text";
    return type == "thinking_delta" ? "thinking" : "";
  }

  Block* find_block(std::string_view key) {
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
      if (block->first == key) return &block->second;
    }
    return nullptr;
  }

  Result<> take_delta(const json::object& data, const StreamSink& sink) {
    const std::string key = key_of(data);
    const json::object& delta = object_field(data, "delta");
    const std::string_view type = text_field(delta, "type");
    Block* block = find_block(key);
    if (!block && type_of_delta(type).empty()) return stream_broken("a delta of a block that was never begun");
    if (!block) block = &open_block(key, std::string(type_of_delta(type)));
    bytes_ += text_field(delta, "text").size() + text_field(delta, "thinking").size() + text_field(delta, "partial_json").size();
    if (bytes_ > kStepAnswerBytesMax) return fail(ErrorCode::resource_exhausted, "answer_too_large", "The model's answer is too large");
    if (type == "text_delta") return take_text(*block, text_field(delta, "text"), sink);
    if (type == "thinking_delta") return take_thought(*block, text_field(delta, "thinking"), sink);
    if (type == "signature_delta") {
      block->signature = mended(text_field(delta, "signature"));  // replaces, never adds
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

  Result<> take_block_stop(const json::object& data, const StreamSink& sink) { return close(key_of(data), sink); }

  Result<> close(const std::string& key, const StreamSink& sink) {
    Block* block = find_block(key);
    if (!block || block->closed) return {};
    block->closed = true;
    if (const std::string rest = block->mender.rest(); !rest.empty()) {
      block->text += rest;
      TRY(block->type == "text" ? sink(TextDelta{rest}) : sink(ReasoningDelta{rest}));
    }
    if (!calls_.is_open(key)) return {};
    call_since_said_ = true;
    if (trim(block->arguments).empty()) {
      // Some calls come whole with their start.
      if (const json::object& input = object_field(block->start, "input"); !input.empty()) {
        block->arguments = json_text(input);
        TRY(calls_.append(key, block->arguments, sink));
      }
    }
    return calls_.end(key, false, sink);
  }

  Result<> take_message_delta(const json::object& data, const StreamSink& sink) {
    if (const std::string_view reason = text_field(object_field(data, "delta"), "stop_reason"); !reason.empty())
      stop_reason_ = mended(reason);
    read_usage(object_field(data, "usage"), usage_);
    return sink(UsageUpdate{usage_});
  }

  Result<> take_message_stop(const StreamSink& sink) {
    // A block that was not closed was cut, unless the model itself said that its calls are whole.
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (stop_reason_ == "tool_use" || blocks_[i].second.type == "text") TRY(close(std::string(blocks_[i].first), sink));
    }
    TRY(calls_.end_all(true, sink));
    finished_ = true;
    usage_.complete = usage_.output_tokens.has_value() && usage_.input_tokens.has_value();
    if (needs_verbatim()) {
      if (std::string content = verbatim(); content != "[]")
        TRY(sink(OpaquePart{{.provider = "anthropic", .model = model_, .json = std::move(content)}}));
    }
    return sink(Finish{.reason = reason_of_stop(stop_reason_), .usage = usage_, .raw_reason = stop_reason_});
  }

  // Text and calls alone are sent back as well from what is known of them, unless words came after a call.
  bool needs_verbatim() const {
    bool called = false;
    for (const auto& [key, block] : blocks_) {
      if ((block.type != "text" && block.type != "tool_use") || !block.citations.empty()) return true;
      if (called && block.type == "text" && !trim(block.text).empty()) return true;
      called = called || block.type == "tool_use";
    }
    return false;
  }

  std::string verbatim() const {
    std::size_t count = blocks_.size();
    // A thought that comes last was cut, and is refused when it comes back.
    while (count > 0 && (is_thought(blocks_[count - 1].second) || verbatim(blocks_[count - 1].second).empty())) --count;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
      if (std::string text = verbatim(blocks_[i].second); !text.empty()) texts.push_back(std::move(text));
    }
    return str("[", join(texts, ","), "]");
  }

  // Empty for what would be refused when it comes back: text without words, a thought without its signature, what was not closed.
  static std::string verbatim(const Block& block) {
    if (block.type == "text") {
      if (trim(block.text).empty()) return {};
      json::object out = block.start;
      out["text"] = block.text;
      if (!block.citations.empty()) out["citations"] = block.citations;
      return json::serialize(out);
    }
    if (block.type == "thinking") {
      if (block.signature.empty()) return {};
      return str(R"({"type":"thinking","thinking":)", json_literal(block.text), R"(,"signature":)", json_literal(block.signature), "}");
    }
    if (!block.closed && block.type != "tool_use") return {};
    json::object out = block.start;
    if (block.type == "tool_use") out["id"] = block.call_id;
    if (block.arguments.empty()) return json_text(out);
    out["input"] = json::object{};
    const std::string_view arguments = without_empty_prefixes(block.arguments);
    const auto input = parse_model_json(arguments, {.bytes_max = arguments.size() + 1});
    if (!input || !input->is_object()) return json_text(out);
    if (!parse_json(arguments, {.bytes_max = arguments.size() + 1})) {
      out["input"] = *input;
      return json_text(out);
    }
    // The model's own words, to the digit.
    json::object head;
    for (const auto& [name, value] : out) {
      if (name != "input") head[name] = value;
    }
    std::string text = json_text(head);
    text.insert(text.size() - 1, str(R"(,"input":)", arguments));
    return text;
  }

  const std::string model_;
  EventStreamReader reader_;
  ToolCallAssembler calls_;
  std::vector<std::pair<std::string, Block>> blocks_;  // by index, in order
  std::size_t bytes_ = 0;
  TokenUsage usage_;
  std::string stop_reason_;
  bool said_ = false;             // words have come
  bool call_since_said_ = false;  // and a call after them
  bool begun_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_anthropic_decoder(std::string model, std::string call_id_prefix) {
  return std::make_unique<AnthropicDecoder>(std::move(model), std::move(call_id_prefix));
}

}  // namespace bridge
