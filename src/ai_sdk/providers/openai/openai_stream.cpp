#include "ai_sdk/providers/openai/openai_stream.h"

#include "ai_sdk/core/limits.h"
#include "ai_sdk/providers/openai/openai_error.h"
#include "ai_sdk/providers/shared/json_fields.h"
#include "ai_sdk/providers/shared/mended_text.h"
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

// Takes the thoughts out of words: servers of open models send them in front, between <think> and </think>.
class ThoughtFilter final {
 public:
  struct Piece {
    std::string text;
    bool thought = false;
  };

  // What is settled with these words.
  std::vector<Piece> take(std::string_view words) {
    if (place_ == Place::words) return {{std::string(words), false}};
    held_ += words;
    std::vector<Piece> out;
    if (place_ == Place::beginning) {
      const std::string_view begun = trim(held_);
      if (kOpening.starts_with(begun) && begun.size() < kOpening.size()) return out;
      if (!begun.starts_with(kOpening)) return leave(out);
      held_.erase(0, held_.find(kOpening) + kOpening.size());
      place_ = Place::thought;
    }
    if (place_ == Place::thought) {
      const std::size_t end = held_.find(kClosing);
      const std::size_t settled = end == std::string::npos ? held_.size() - length_of_begun_closing() : end;
      if (settled > 0) out.push_back({held_.substr(0, settled), true});
      held_.erase(0, end == std::string::npos ? settled : end + kClosing.size());
      if (end == std::string::npos) return out;
      place_ = Place::behind;
    }
    held_.erase(0, std::min(held_.find_first_not_of(" \t\r\n"), held_.size()));
    return held_.empty() ? out : leave(out);
  }

  std::vector<Piece> rest() {
    std::vector<Piece> out;
    if (!held_.empty()) out.push_back({std::exchange(held_, {}), place_ == Place::thought});
    return out;
  }

 private:
  enum class Place : std::uint8_t { beginning, thought, behind, words };
  static constexpr std::string_view kOpening = "<think>";
  static constexpr std::string_view kClosing = "</think>";

  std::vector<Piece> leave(std::vector<Piece>& out) {
    place_ = Place::words;
    out.push_back({std::exchange(held_, {}), false});
    return std::move(out);
  }

  // How much of the end could be the beginning of the closing mark.
  std::size_t length_of_begun_closing() const {
    std::size_t length = std::min(kClosing.size() - 1, held_.size());
    while (!held_.ends_with(kClosing.substr(0, length))) --length;
    return length;
  }

  Place place_ = Place::beginning;
  std::string held_;
};

class OpenaiDecoder final : public StreamDecoder {
 public:
  OpenaiDecoder(const OpenaiProfile& profile, std::string call_id_prefix, std::vector<std::string> tool_names)
      : ends_with_done_(profile.ends_with_done),
        tool_names_(std::move(tool_names)),
        assembler_(OrchestratorLimits{}.step_argument_bytes_max, std::move(call_id_prefix)) {}

  bool has_begun() const override { return begun_; }
  Wholeness wholeness() const override {
    if (finished_) return Wholeness::ended;
    return may_end() ? Wholeness::may_end : Wholeness::open;
  }

  Result<> feed(std::string_view bytes, const StreamSink& sink) override {
    if (finished_) return {};
    return reader_.feed(bytes, [&](const ServerSentEvent& event) { return take(event, sink); });
  }

  Result<> end(const StreamSink& sink) override {
    if (finished_) return {};
    return may_end() ? finish(sink) : stream_cut();
  }

 private:
  struct OpenCall {
    std::string key;
    std::string id;  // as the server gave it first; may be empty
    std::string name;
    ObjectScanner scanner;
    bool has_arguments = false;
    bool named_again = false;  // by a fragment with nothing else, when it was whole: what comes next may be another call's
  };

  struct Fragment {
    std::optional<std::int64_t> index;
    std::string_view id;
    std::string_view name;
    std::string arguments;
  };

  // Some servers close the connection instead of saying [DONE]; that the answer had ended is known from its reason.
  bool may_end() const { return !finish_reason_.empty() && !ends_with_done_; }

  Result<> take(const ServerSentEvent& event, const StreamSink& sink) {
    if (finished_) return {};
    // Proxies keep a line alive with events that hold nothing.
    if (trim(event.data).empty() || event.event == "ping") return sink(KeepAlive{});
    begun_ = true;
    // A server that says that it is done is, also without a reason; unless there was nothing.
    if (trim(event.data) == "[DONE]") return any_output_ || !finish_reason_.empty() ? finish(sink) : stream_cut();
    const auto parsed = parse_event_json(event.data);
    if (!parsed) return stream_broken(str("an event is not JSON: ", parsed.error().message));
    if (parsed->is_null()) return sink(KeepAlive{});
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
    for (const json::object* place : {&chunk, &object_field(chunk, "x_groq")}) {
      if (const json::object& usage = object_field(*place, "usage"); !usage.empty()) TRY(take_usage(usage, sink));
    }
    return {};
  }

  Result<> take_usage(const json::object& usage, const StreamSink& sink) {
    const json::object& details = object_field(usage, "prompt_tokens_details");
    const auto prompt = count_field(usage, "prompt_tokens");
    if (const auto cached = count_field(usage, "prompt_cache_hit_tokens")) usage_.cache_read_tokens = cached;  // DeepSeek's name
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

  // What a choice brings: a delta; or a whole message, where a server does not know deltas or ends with all that it has said.
  Result<> take_choice(const json::object& choice, const StreamSink& sink) {
    const json::object& delta = object_field(choice, "delta");
    const json::object& message = object_field(choice, "message");
    const std::string_view reason = text_field(choice, "finish_reason");
    if (!delta.empty()) {
      any_delta_ = any_delta_ || !text_field(delta, "content").empty() || !array_field(delta, "tool_calls").empty();
      TRY(take_delta(delta, sink));
    } else if (!message.empty()) {
      const bool repeats = any_delta_ || (!reason.empty() && said_.size() > 1 && text_field(message, "content") == said_);
      if (!repeats) TRY(take_delta(message, sink));
    } else {
      TRY(take_words(text_field(choice, "text"), sink));
    }
    if (!reason.empty() && finish_reason_.empty()) {
      finish_reason_ = mended(reason);
      usage_.complete = usage_.input_tokens && usage_.output_tokens;
      TRY(take_rest(sink));
      TRY(assembler_.end_all(reason == "length" || reason == "content_filter", sink));
    }
    return {};
  }

  Result<> take_delta(const json::object& delta, const StreamSink& sink) {
    for (const std::string_view name : {"reasoning_content", "reasoning"}) {
      if (const std::string_view text = text_field(delta, name); !text.empty()) TRY(take_thought(text, sink));
    }
    if (const json::value* content = delta.if_contains("content")) TRY(take_content(*content, sink));
    if (const std::string_view text = text_field(delta, "refusal"); !text.empty()) TRY(take_refusal(text, sink));
    for (const json::value& fragment : array_field(delta, "tool_calls")) {
      if (fragment.is_object()) TRY(take_fragment(fragment.get_object(), sink));
    }
    // The form before tools: one call, without an id.
    if (const json::object& function = object_field(delta, "function_call"); !function.empty())
      TRY(take_fragment(json::object{{"index", 0}, {"function", function}}, sink));
    return {};
  }

  // Text, or a list of parts of which some may be thoughts.
  Result<> take_content(const json::value& content, const StreamSink& sink) {
    if (const json::string* text = content.if_string()) return take_words(*text, sink);
    if (const json::array* parts = content.if_array()) {
      for (const json::value& part : *parts) TRY(take_content(part, sink));
      return {};
    }
    const json::object* part = content.if_object();
    if (!part) return {};
    const std::string_view type = text_field(*part, "type");
    if (type == "refusal") return take_refusal(text_field(*part, "refusal"), sink);
    if (type == "thinking" || type == "reasoning") {
      for (const std::string_view name : {"thinking", "reasoning", "text", "summary"}) TRY(take_thoughts(*part, name, sink));
      return {};
    }
    const std::string_view text = text_field(*part, "text");
    return take_words(text.empty() ? text_field(object_field(*part, "text"), "value") : text, sink);
  }

  Result<> take_thoughts(const json::object& part, std::string_view name, const StreamSink& sink) {
    TRY(take_thought(text_field(part, name), sink));
    for (const json::value& piece : array_field(part, name)) {
      if (piece.is_object()) TRY(take_thought(text_field(piece.get_object(), "text"), sink));
    }
    return {};
  }

  Result<> take_refusal(std::string_view text, const StreamSink& sink) {
    refused_ = true;
    return take_words(text, sink);
  }

  Result<> take_words(std::string_view text, const StreamSink& sink) { return send(thoughts_.take(words_.take(text)), sink); }
  Result<> take_thought(std::string_view text, const StreamSink& sink) { return send({{thought_.take(text), true}}, sink); }
  Result<> take_rest(const StreamSink& sink) {
    TRY(send(thoughts_.take(words_.rest()), sink));
    TRY(send(thoughts_.rest(), sink));
    return send({{thought_.rest(), true}}, sink);
  }

  Result<> send(const std::vector<ThoughtFilter::Piece>& pieces, const StreamSink& sink) {
    for (const auto& [text, thought] : pieces) {
      if (text.empty()) continue;
      any_output_ = true;
      bytes_ += text.size();
      if (bytes_ > kStepAnswerBytesMax) return fail(ErrorCode::resource_exhausted, "answer_too_large", "The model's answer is too large");
      if (!thought) said_ += text;
      TRY(thought ? sink(ReasoningDelta{text}) : sink(TextDelta{text}));
    }
    return {};
  }

  Result<> take_fragment(const json::object& object, const StreamSink& sink) {
    if (!finish_reason_.empty()) return {};
    const json::object& function = object_field(object, "function");
    Fragment fragment{.index = count_field(object, "index"), .id = text_field(object, "id"), .name = text_field(function, "name")};
    if (const json::value* arguments = function.if_contains("arguments"); arguments && !arguments->is_null())
      fragment.arguments = arguments->is_string() ? std::string(arguments->get_string()) : json_text(*arguments);
    OpenCall* call = find_call(fragment);
    if (!call) {
      if (fragment.name.empty() && latest() && latest()->named_again) fragment.name = announced_ = latest()->name;
      if (fragment.id.empty() && fragment.name.empty() && trim(fragment.arguments).empty()) return {};  // a call that has nothing yet
      any_output_ = true;
      call = &calls_.emplace_back(OpenCall{.key = str(calls_.size()), .id = std::string(fragment.id), .name = std::string(fragment.name)});
      if (fragment.index) by_index_[*fragment.index] = calls_.size() - 1;
      TRY(assembler_.start(call->key, fragment.id, fragment.name, sink));
    } else if (std::string name = joined_name(*call, fragment.name); name != call->name) {
      call->name = std::move(name);
      assembler_.rename(call->key, call->name);
    }
    new_ids_go_on_ = new_ids_go_on_ || (!fragment.id.empty() && fragment.id != call->id);
    latest_ = static_cast<std::size_t>(call - calls_.data());
    call->has_arguments = call->has_arguments || !trim(fragment.arguments).empty();
    call->scanner.take(fragment.arguments);
    return assembler_.append(call->key, fragment.arguments, sink);
  }

  // The call that a fragment goes on with, or null when it begins one. Servers differ in all that could tell: some give every call the
  // index 0, or none; some give a call a new id, or its name again, with each fragment; some give two calls one id. A name tells most:
  // without one nothing begins while the call before it is not whole.
  OpenCall* find_call(const Fragment& fragment) {
    OpenCall* same_id = call_of_id(fragment.id);
    OpenCall* call = same_id;
    if (fragment.index) {
      const auto at = by_index_.find(*fragment.index);
      if (at == by_index_.end()) {
        // An index that was not seen begins a call, also under an id that another call has.
        if (!fragment.name.empty() || (!same_id && !fragment.id.empty())) return nullptr;
        return same_id ? same_id : latest();
      }
      OpenCall& there = calls_[at->second];
      if (!same_id || there.id == fragment.id) call = &there;
    } else if (!same_id) {
      call = latest();
    }
    if (!call) return nullptr;
    const bool blank = trim(fragment.arguments).empty();
    const bool new_id = !fragment.id.empty() && !call->id.empty() && call->id != fragment.id;
    if (fragment.name.empty() && call->named_again && !blank && call->scanner.complete()) return nullptr;
    if (fragment.name.empty()) return new_id && call->scanner.complete() && !blank && !new_ids_go_on_ ? nullptr : call;
    if (call->name.empty()) return call;
    if (!call->has_arguments && joined_name(*call, fragment.name) != call->name) return call;
    if (call->name != fragment.name) return nullptr;
    if (!call->scanner.complete()) return call;
    // The same name again, behind a whole call: another call, unless nothing comes with it.
    call->named_again = blank && fragment.id.empty();
    return blank && (!new_id || new_ids_go_on_) ? call : nullptr;
  }

  OpenCall* call_of_id(std::string_view id) {
    const auto found =
        id.empty() ? calls_.rend() : std::find_if(calls_.rbegin(), calls_.rend(), [&](const OpenCall& call) { return call.id == id; });
    return found == calls_.rend() ? nullptr : &*found;
  }
  OpenCall* latest() { return calls_.empty() ? nullptr : &calls_[latest_]; }

  // A call's name with what came of it now: its next piece, or all of it again. Two whole names are two calls'.
  std::string joined_name(const OpenCall& call, std::string_view piece) const {
    if (piece.empty() || piece == call.name) return call.name;
    if (call.name.empty()) return std::string(piece);
    if (is_tool(call.name)) return call.name;
    const std::string together = str(call.name, piece);
    const auto begins = [](std::string_view beginning) {
      return [beginning](const std::string& name) { return name.starts_with(beginning); };
    };
    if (std::ranges::any_of(tool_names_, begins(together))) return together;
    if (piece.starts_with(call.name) && std::ranges::any_of(tool_names_, begins(piece))) return std::string(piece);
    return is_tool(piece) ? call.name : together;
  }
  bool is_tool(std::string_view name) const { return std::ranges::find(tool_names_, name) != tool_names_.end(); }

  Result<> finish(const StreamSink& sink) {
    TRY(take_rest(sink));
    // Without a reason nobody said that the calls were whole: those are whose arguments are.
    for (const OpenCall& call : calls_) TRY(assembler_.end(call.key, !call.scanner.complete(), sink));
    finished_ = true;
    usage_.complete = usage_.input_tokens && usage_.output_tokens;
    return sink(Finish{.reason = reason(), .usage = usage_, .raw_reason = finish_reason_});
  }

  FinishReason reason() const {
    if (refused_ || finish_reason_ == "content_filter") return FinishReason::refused;
    if (finish_reason_ == "length") return FinishReason::length;
    if (finish_reason_ == "tool_calls" || finish_reason_ == "function_call" || !calls_.empty()) return FinishReason::tool_calls;
    return finish_reason_ == "stop" || finish_reason_.empty() ? FinishReason::stop : FinishReason::other;
  }

  const bool ends_with_done_;
  const std::vector<std::string> tool_names_;
  EventStreamReader reader_;
  ToolCallAssembler assembler_;
  TextMender words_;
  TextMender thought_;
  ThoughtFilter thoughts_;
  std::vector<OpenCall> calls_;
  std::map<std::int64_t, std::size_t> by_index_;  // → calls_
  std::string announced_;                         // the name of a call that was named before it began
  std::size_t latest_ = 0;
  bool new_ids_go_on_ = false;  // this server's ids change within a call
  std::string said_;
  std::size_t bytes_ = 0;
  TokenUsage usage_;
  std::string finish_reason_;
  bool any_delta_ = false;
  bool any_output_ = false;
  bool refused_ = false;
  bool started_ = false;
  bool begun_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> make_openai_decoder(const OpenaiProfile& profile, std::string call_id_prefix,
                                                   std::vector<std::string> tool_names) {
  return std::make_unique<OpenaiDecoder>(profile, std::move(call_id_prefix), std::move(tool_names));
}

}  // namespace bridge
