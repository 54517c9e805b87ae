#include "ai_sdk/core/completion_reader.h"

#include "base/text.h"

namespace bridge {

namespace {

std::unexpected<Error> broken(std::string_view what) {
  return fail(Error{.code = ErrorCode::unavailable,
                    .message = "The model's answer could not be read",
                    .detail = std::string(what),
                    .reason = "provider_stream_broken"});
}

std::unexpected<Error> too_large(std::string_view what, std::size_t bytes_max) {
  return fail(ErrorCode::resource_exhausted, "answer_too_large", str("The model's ", what, " is over ", format_bytes(bytes_max)));
}

Result<> check_call(std::string_view id, std::string_view name) {
  if (id.empty()) return broken("a tool call has no id");
  if (id.size() > kToolCallNameBytesMax || name.size() > kToolCallNameBytesMax) return broken("a tool call has an endless id or name");
  return {};
}

}  // namespace

Result<> CompletionReader::take(const StreamPart& part) {
  if (finished_) return broken("a part came after Finish");
  if (const auto* text = std::get_if<TextDelta>(&part)) return take_text(*text);
  if (const auto* start = std::get_if<ToolCallStart>(&part)) return take_start(*start);
  if (const auto* delta = std::get_if<ToolCallDelta>(&part)) return take_delta(*delta);
  if (const auto* end = std::get_if<ToolCallEnd>(&part)) return take_end(*end);
  if (const auto* opaque = std::get_if<OpaquePart>(&part)) completion_.opaque = opaque->content;
  if (const auto* finish = std::get_if<Finish>(&part)) {
    completion_.finish = *finish;
    finished_ = true;
  }
  return {};
}

Result<Completion> CompletionReader::finish() {
  if (!finished_) {
    return fail(ErrorCode::unavailable, "premature_eof", "The model's answer broke off before its end; try again");
  }
  return std::move(completion_);
}

Result<> CompletionReader::take_text(const TextDelta& part) {
  if (completion_.text.size() + part.text.size() > limits_->step_text_bytes_max) return too_large("text", limits_->step_text_bytes_max);
  completion_.text += part.text;
  return {};
}

Result<> CompletionReader::take_start(const ToolCallStart& part) {
  TRY(check_call(part.id, part.name));
  if (ended_.contains(part.id) || !open_.insert(part.id).second) return broken(str("two tool calls have the id ", part.id));
  return {};
}

Result<> CompletionReader::take_delta(const ToolCallDelta& part) {
  if (!open_.contains(part.id)) return broken(str("arguments came for a tool call that is not open: ", part.id));
  argument_bytes_ += part.arguments_fragment.size();
  if (argument_bytes_ > limits_->step_argument_bytes_max) return too_large("tool arguments", limits_->step_argument_bytes_max);
  return {};
}

Result<> CompletionReader::take_end(const ToolCallEnd& part) {
  TRY(check_call(part.call.id, part.call.name));
  open_.erase(part.call.id);
  if (!ended_.insert(part.call.id).second) return broken(str("two tool calls have the id ", part.call.id));
  completion_.calls.push_back(part);
  return {};
}

}  // namespace bridge
