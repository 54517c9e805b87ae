#include "ai_sdk/providers/openai/openai_stream.h"

#include "ai_sdk/core/limits.h"
#include "ai_sdk/providers/openai/openai_error.h"
#include "ai_sdk/providers/shared/json_fields.h"
#include "ai_sdk/providers/shared/tool_call_assembler.h"
#include "base/text.h"
#include "platform/http/event_stream_reader.h"

namespace bridge {

namespace {

// Whether a growing JSON object has come to its end: one look at each byte.
class ObjectScanner final {
 public:
  void take(std::string_view bytes) {
    for (const char c : bytes) {
      if (escaped_) escaped_ = false;
      else if (in_string_) in_string_ = c != '"', escaped_ = c == '\\', in_string_ |= escaped_;
      else if (c == '"') in_string_ = true;
      else if (c == '{' || c == '[') ++depth_, any_ = true;
      else if (c == '}' || c == ']') --depth_;
    }
  }
  bool complete() const { return any_ && depth_ == 0 && !in_string_; }

 private:
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool any_ = false;
};

class OpenaiDecoder final : public StreamDecoder {
 public:
  OpenaiDecoder(const OpenaiProfile& profile, std::string call_id_prefix)
      : ends_with_done_(profile.ends_with_done),
        call_id_prefix_(std::move(call_id_prefix)),
        assembler_(OrchestratorLimits{}.step_argument_bytes_max) {}

  bool has_begun() const override { return begun_; }

  Result<> feed(std::string_view bytes, const StreamSink& sink) override {
    if (finished_) return {};
    return reader_.feed(bytes, [&](const ServerSentEvent& event) { return take(event, sink); });
  }

  Result<> end(const StreamSink& sink) override {
    if (finished_) return {};
    // Some servers close the connection instead of saying [DONE]; that the answer had ended is known from its reason.
    if (!finish_reason_.empty() && !ends_with_done_) return finish(sink);
    return stream_cut();
  }

 private:
  struct OpenCall {
    std::string key;
    std::string id;  // as the server gave it; may be empty
    std::string name;
    ObjectScanner scanner;
  };

  Result<> take(const ServerSentEvent& event, const StreamSink& sink) {
    if (finished_) return {};
    begun_ = true;
    if (trim(event.data) == "[DONE]") {
      // What ends without a reason was cut, whatever the server says.
      return finish_reason_.empty() ? end(sink) : finish(sink);
    }
    const auto parsed = parse_json(event.data);
    if (!parsed) return stream_broken(str("an event is not JSON: ", parsed.error().message));
    if (!parsed->is_object()) return stream_broken("an event is not a JSON object");
    const json::object& chunk = parsed->get_object();
    if (const json::value* error = chunk.if_contains("error"); (error && !error->is_null()) || event.event == "error")
      return fail(openai_event_error(chunk));
    if (!started_) {
      started_ = true;
      TRY(sink(ResponseStart{std::string(text_field(chunk, "id")), std::string(text_field(chunk, "model"))}));
    }
    if (const std::string_view tier = text_field(chunk, "service_tier"); !tier.empty()) usage_.service_tier = tier;
    for (const json::value& choice : array_field(chunk, "choices")) {
      if (choice.is_object() && count_field(choice.get_object(), "index").value_or(0) == 0) TRY(take_choice(choice.get_object(), sink));
    }
    if (const json::object& usage = object_field(chunk, "usage"); !usage.empty()) TRY(take_usage(usage, sink));
    return {};
  }

  Result<> take_usage(const json::object& usage, const StreamSink& sink) {
    const json::object& details = object_field(usage, "prompt_tokens_details");
    const auto prompt = count_field(usage, "prompt_tokens");
    if (const auto cached = count_field(details, "cached_tokens")) usage_.cache_read_tokens = cached;
    if (const auto written = count_field(details, "cache_write_tokens")) usage_.cache_write_tokens = written;
    // The prompt's tokens include the cached ones.
    if (prompt)
      usage_.input_tokens =
          std::max<std::int64_t>(0, *prompt - usage_.cache_read_tokens.value_or(0) - usage_.cache_write_tokens.value_or(0));
    if (const auto output = count_field(usage, "completion_tokens")) usage_.output_tokens = output;
    usage_.complete = usage_.input_tokens && usage_.output_tokens && !finish_reason_.empty();
    return sink(UsageUpdate{usage_});
  }

  Result<> take_choice(const json::object& choice, const StreamSink& sink) {
    const json::object& delta = object_field(choice, "delta");
    for (const std::string_view name : {"reasoning_content", "reasoning"}) {
      if (const std::string_view text = text_field(delta, name); !text.empty()) TRY(take_text(text, sink, true));
    }
    if (const std::string_view text = text_field(delta, "content"); !text.empty()) TRY(take_text(text, sink, false));
    if (const std::string_view text = text_field(delta, "refusal"); !text.empty()) {
      refused_ = true;
      TRY(take_text(text, sink, false));
    }
    for (const json::value& fragment : array_field(delta, "tool_calls")) {
      if (fragment.is_object()) TRY(take_fragment(fragment.get_object(), sink));
    }
    if (const std::string_view reason = text_field(choice, "finish_reason"); !reason.empty() && finish_reason_.empty()) {
      finish_reason_ = reason;
      usage_.complete = usage_.input_tokens && usage_.output_tokens;
      TRY(assembler_.end_all(reason == "length" || reason == "content_filter", sink));
    }
    return {};
  }

  Result<> take_text(std::string_view text, const StreamSink& sink, bool reasoning) {
    bytes_ += text.size();
    if (bytes_ > kStepAnswerBytesMax) return fail(ErrorCode::resource_exhausted, "answer_too_large", "The model's answer is too large");
    if (reasoning) return sink(ReasoningDelta{std::string(text)});
    return sink(TextDelta{std::string(text)});
  }

  Result<> take_fragment(const json::object& fragment, const StreamSink& sink) {
    if (!finish_reason_.empty()) return {};
    const json::object& function = object_field(fragment, "function");
    const std::string_view id = text_field(fragment, "id");
    const std::string_view name = text_field(function, "name");
    const auto index = count_field(fragment, "index");
    OpenCall* call = find_call(index, id, name);
    if (!call) {
      if (id.empty() && name.empty()) return stream_broken("a fragment of a tool call that was never begun");
      call = &calls_.emplace_back(OpenCall{.key = str(calls_.size()), .id = std::string(id), .name = std::string(name)});
      by_index_[index.value_or(-1)] = calls_.size() - 1;
      TRY(assembler_.start(call->key, id.empty() ? str(call_id_prefix_, call->key) : std::string(id), std::string(name), sink));
    }
    latest_ = static_cast<std::size_t>(call - calls_.data());
    const json::value* arguments = function.if_contains("arguments");
    if (!arguments || arguments->is_null()) return {};
    const std::string text = arguments->is_string() ? std::string(arguments->get_string()) : json::serialize(*arguments);
    call->scanner.take(text);
    return assembler_.append(call->key, text, sink);
  }

  // The call that a fragment goes on with, or null when it begins one. An id decides where there is one; else the index, else the latest
  // call; and a name where there is no id begins a new call once the one before it is complete.
  OpenCall* find_call(std::optional<std::int64_t> index, std::string_view id, std::string_view name) {
    if (!id.empty()) {
      const auto found = std::ranges::find(calls_, id, &OpenCall::id);
      if (found != calls_.end()) return &*found;
      return nullptr;
    }
    const auto at = by_index_.find(index.value_or(-1));
    if (!name.empty()) {
      if (at == by_index_.end()) return nullptr;
      OpenCall& call = calls_[at->second];
      return call.name == name && !call.scanner.complete() ? &call : nullptr;
    }
    if (index && at != by_index_.end()) return &calls_[at->second];
    return calls_.empty() ? nullptr : &calls_[latest_];
  }

  Result<> finish(const StreamSink& sink) {
    finished_ = true;
    return sink(Finish{.reason = reason(), .usage = usage_, .raw_reason = finish_reason_});
  }

  FinishReason reason() const {
    if (refused_ || finish_reason_ == "content_filter") return FinishReason::refused;
    if (finish_reason_ == "length") return FinishReason::length;
    if (finish_reason_ == "tool_calls" || finish_reason_ == "function_call" || !calls_.empty()) return FinishReason::tool_calls;
    return finish_reason_ == "stop" ? FinishReason::stop : FinishReason::other;
  }

  const bool ends_with_done_;
  const std::string call_id_prefix_;
  EventStreamReader reader_;
  ToolCallAssembler assembler_;
  std::vector<OpenCall> calls_;
  std::map<std::int64_t, std::size_t> by_index_;  // → calls_
  std::size_t latest_ = 0;
  std::size_t bytes_ = 0;
  TokenUsage usage_;
  std::string finish_reason_;
  bool refused_ = false;
  bool started_ = false;
  bool begun_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_openai_decoder(const OpenaiProfile& profile, std::string call_id_prefix) {
  return std::make_unique<OpenaiDecoder>(profile, std::move(call_id_prefix));
}

}  // namespace bridge
