#include "ai_sdk/providers/shared/tool_call_assembler.h"

#include "ai_sdk/core/cut_text.h"
#include "ai_sdk/core/limits.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kArgumentsDepthMax = 64;

ToolCallEnd read_call(std::string id, std::string name, std::string_view text, bool cut) {
  ToolCallEnd end{.call = {.id = std::move(id), .name = std::move(name)}};
  const std::string_view arguments = without_empty_prefixes(text);
  // No fragment at all means no arguments.
  if (!cut && arguments.empty()) return end;
  if (cut) {
    end.problem = "the answer was cut off before the arguments were complete: say less, or in several steps";
  } else {
    auto value = parse_model_json(arguments, {.depth_max = kArgumentsDepthMax, .bytes_max = arguments.size() + 1});
    if (!value) end.problem = value.error().message;
    else if (!value->is_object()) end.problem = "they are not a JSON object";
    else end.call.arguments = std::move(value->get_object());
  }
  if (!end.problem.empty()) end.raw_arguments = text;
  return end;
}

}  // namespace

std::string_view without_empty_prefixes(std::string_view arguments) {
  std::string_view rest = trim(arguments);
  while (rest.starts_with('{')) {
    const std::string_view inside = trim(rest.substr(1));
    if (!inside.starts_with('}')) break;
    const std::string_view behind = trim(inside.substr(1));
    if (!behind.starts_with('{')) break;
    rest = behind;
  }
  return rest;
}

// The first of an answer to have an id keeps it.
std::string ToolCallAssembler::own_id(std::string_view id) {
  std::string own = mended(id);
  const std::string number = str(started_++);
  if (own.empty() || own.size() > kToolCallNameBytesMax || ids_.contains(own)) own = id_prefix_ + number;
  while (!ids_.insert(own).second) own += str("_", number);
  return own;
}

Result<> ToolCallAssembler::start(std::string_view key, std::string_view id, std::string_view name, const StreamSink& sink) {
  TRY(end(key, false, sink));
  order_.emplace_back(key);
  OpenCall& call = open_[std::string(key)];
  call = {.id = own_id(id)};
  rename(key, name);
  return sink(ToolCallStart{call.id, call.name});
}

void ToolCallAssembler::rename(std::string_view key, std::string_view name) {
  const auto found = open_.find(key);
  // A name without end is no tool's: its beginning says so as well.
  if (found != open_.end()) found->second.name = cut_text(mended(name), kToolCallNameBytesMax);
}

std::string_view ToolCallAssembler::id_of(std::string_view key) const {
  const auto found = open_.find(key);
  return found == open_.end() ? std::string_view() : std::string_view(found->second.id);
}

Result<> ToolCallAssembler::append(std::string_view key, std::string_view fragment, const StreamSink& sink) {
  const auto found = open_.find(key);
  if (found == open_.end() || fragment.empty()) return {};
  argument_bytes_ += fragment.size();
  if (argument_bytes_ > argument_bytes_max_)
    return fail(ErrorCode::resource_exhausted, "answer_too_large",
                str("The model's tool arguments are over ", format_bytes(argument_bytes_max_)));
  const std::string settled = found->second.mender.take(fragment);
  if (settled.empty()) return {};
  found->second.arguments += settled;
  return sink(ToolCallDelta{found->second.id, settled});
}

Result<> ToolCallAssembler::end(std::string_view key, bool cut, const StreamSink& sink) {
  const auto found = open_.find(key);
  if (found == open_.end()) return {};
  OpenCall call = std::move(found->second);
  open_.erase(found);
  order_.erase(std::ranges::find(order_, key));
  call.arguments += call.mender.rest();
  return sink(read_call(std::move(call.id), std::move(call.name), call.arguments, cut));
}

Result<> ToolCallAssembler::end_all(bool cut, const StreamSink& sink) {
  while (!order_.empty()) TRY(end(std::string(order_.front()), cut, sink));
  return {};
}

}  // namespace bridge
