#include "ai_sdk/providers/shared/tool_call_assembler.h"

#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kArgumentsDepthMax = 64;

ToolCallEnd read_call(std::string id, std::string name, std::string_view arguments, bool cut) {
  ToolCallEnd end{.call = {.id = std::move(id), .name = std::move(name)}};
  if (cut) {
    end.problem = "the answer was cut off before the arguments were complete: say less, or in several steps";
    return end;
  }
  // No fragment at all means no arguments.
  if (trim(arguments).empty()) return end;
  auto value = parse_json(arguments, {.depth_max = kArgumentsDepthMax, .bytes_max = arguments.size() + 1});
  if (!value) end.problem = value.error().message;
  else if (!value->is_object()) end.problem = "they are not a JSON object";
  else end.call.arguments = std::move(value->get_object());
  return end;
}

}  // namespace

Result<> ToolCallAssembler::start(std::string_view key, std::string id, std::string name, const StreamSink& sink) {
  TRY(end(key, false, sink));
  order_.emplace_back(key);
  OpenCall& call = open_[std::string(key)];
  call = {.id = std::move(id), .name = std::move(name)};
  return sink(ToolCallStart{call.id, call.name});
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
  found->second.arguments += fragment;
  return sink(ToolCallDelta{found->second.id, std::string(fragment)});
}

Result<> ToolCallAssembler::end(std::string_view key, bool cut, const StreamSink& sink) {
  const auto found = open_.find(key);
  if (found == open_.end()) return {};
  const OpenCall call = std::move(found->second);
  open_.erase(found);
  order_.erase(std::ranges::find(order_, key));
  return sink(read_call(call.id, call.name, call.arguments, cut));
}

Result<> ToolCallAssembler::end_all(bool cut, const StreamSink& sink) {
  while (!order_.empty()) TRY(end(std::string(order_.front()), cut, sink));
  return {};
}

}  // namespace bridge
