#include "ai_sdk/core/tool_runner.h"

#include <atomic>
#include <thread>

#include "ai_sdk/core/cut_text.h"
#include "ai_sdk/core/gen_ai_spans.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kSummaryBytesMax = 200;

ToolResult refusal(const ToolCall& call, const Error& error) {
  return {.call_id = call.id, .name = call.name, .ok = false, .content = tool_error_content(error)};
}

std::string_view role_name(Role role) {
  switch (role) {
    case Role::viewer: return "viewer";
    case Role::editor: return "editor";
    case Role::admin: return "admin";
  }
  return "?";
}

// What makes two calls the same one: name and arguments, which of a broken call are what came of them. An object's text begins with a brace
// and never with a mark.
std::string identity_of(const ToolCallEnd& call) {
  if (call.problem.empty()) return str(call.call.name, ' ', canonical_json(call.call.arguments));
  return str(call.call.name, " ?", call.raw_arguments.empty() ? canonical_json(call.call.arguments) : call.raw_arguments);
}

// "3 tables", "7 rows": the lists of an answer, or its first plain values.
std::string summary_of_fields(const json::object& content) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : content) {
    if (parts.size() == 3) break;
    const std::string_view key = name;
    if (const json::array* list = value.if_array()) {
      parts.push_back(str(list->size(), " ", list->size() == 1 && key.ends_with('s') ? key.substr(0, key.size() - 1) : key));
    } else if (value.is_string() && value.get_string().size() <= 80) {
      parts.push_back(str(key, " ", std::string_view(value.get_string())));
    } else if (value.is_number() || value.is_bool()) {
      parts.push_back(str(key, " ", json::serialize(value)));
    }
  }
  return join(parts, ", ");
}

}  // namespace

std::string canonical_json(const json::value& value) {
  if (const json::array* array = value.if_array()) {
    std::vector<std::string> items;
    for (const json::value& item : *array) items.push_back(canonical_json(item));
    return str('[', join(items, ","), ']');
  }
  if (const json::object* object = value.if_object()) {
    std::map<std::string, std::string> sorted;
    for (const auto& [key, item] : *object) sorted[std::string(key)] = canonical_json(item);
    std::vector<std::string> items;
    for (const auto& [key, item] : sorted) items.push_back(str(json::serialize(json::string(key)), ':', item));
    return str('{', join(items, ","), '}');
  }
  return json::serialize(value);
}

ToolRunner::Answers ToolRunner::run(const ToolContext& context, const std::vector<ToolCallEnd>& calls, int step) {
  Answers answers;
  answers.results.resize(calls.size());
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const int repeats = ++seen_[identity_of(calls[i])];
    jobs.push_back({.call = &calls[i], .repeats = repeats, .position = static_cast<int>(i)});
    if (repeats > limits_.same_call_max && answers.status) {
      answers.status =
          fail(ErrorCode::resource_exhausted, "repeated_tool_call",
               str("The agent went round in circles: it called ", calls[i].call.name, " ", repeats, " times with the same arguments"));
    }
    if (answers.status) answers.status = emit(ToolCallEvent{calls[i].call, step, tools_.title_of(calls[i].call)});
  }

  std::mutex status_mutex;
  std::atomic<std::size_t> next = 0;
  const bool run_them = answers.status.has_value();
  const auto run_one = [&](std::size_t i) -> Result<> {
    const auto start = std::chrono::steady_clock::now();
    ToolResult& result = answers.results[i];
    Answer given = run_them ? answer_in_span(context, jobs[i]) : Answer{refusal(calls[i].call, answers.status.error())};
    result = std::move(given.result);
    if (!run_them) return {};
    const std::int64_t duration_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
    return emit(ToolResultEvent{result, step, duration_ms, summary_of(result), given.cached});
  };
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      Result<> ran = guarded([&] { return run_one(i); });
      const std::lock_guard lock(status_mutex);
      if (!ran && answers.status) answers.status = std::move(ran);
    }
  };

  std::vector<std::jthread> helpers;
  const std::size_t threads = std::min<std::size_t>(jobs.size(), static_cast<std::size_t>(limits_.tool_threads));
  // When there are no more threads to be had, those that there are do all the work.
  (void)guarded([&] {
    while (helpers.size() + 1 < threads && run_them) helpers.emplace_back(work);
  });
  work();
  helpers.clear();
  if (answers.status) answers.status = context.call.check();
  return answers;
}

ToolRunner::Answer ToolRunner::answer_in_span(const ToolContext& context, const Job& job) {
  Span span(context.call, {kToolSpanName, job.call->call.name});
  ToolContext inside = context;
  inside.call = span.inside(context.call);
  Answer given = answer(inside, job);
  describe_tool_call(span, given.result, given.cached);
  return given;
}

ToolRunner::Answer ToolRunner::answer(const ToolContext& context, const Job& job) {
  const ToolCall& call = job.call->call;
  Result<Executed> executed = execute(context, job);
  if (!executed) {
    if (!executed.error().detail.empty())
      log_warning("tool_failed", {{"tool", call.name}, {"error", describe_error(executed.error())}, {"detail", executed.error().detail}});
    ToolResult result = refusal(call, executed.error());
    result.content = bounded(std::move(result.content));
    return {std::move(result)};
  }
  const json::value* error = executed->content.if_contains("error");
  const bool refused = error && error->is_object();
  return {.result = {.call_id = call.id,
                     .name = call.name,
                     .ok = !refused,
                     .content = bounded(std::move(executed->content)),
                     .outcome = refused ? ToolOutcome() : std::move(executed->outcome)},
          .cached = executed->cached};
}

Result<ToolRunner::Executed> ToolRunner::execute(const ToolContext& context, const Job& job) const {
  const ToolCall& call = job.call->call;
  TRY(context.call.check());
  if (job.position >= limits_.calls_per_step_max) {
    return fail(ErrorCode::resource_exhausted, "too_many_calls",
                str("At most ", limits_.calls_per_step_max, " tools may be called at once; call this one again"));
  }
  const std::shared_ptr<ToolDefinition> tool = TRY(tools_.get_tool(call.name));
  if (!may_use(context.call.caller, *tool)) {
    return fail(ErrorCode::permission_denied,
                str("The person you work for may not use ", call.name, ": it needs the role ", role_name(tool->required_role())));
  }
  if (!job.call->problem.empty()) {
    return fail(Error{.code = ErrorCode::invalid_argument,
                      .message = str("The arguments are not one JSON object: ", job.call->problem),
                      .reason = "malformed_arguments",
                      .violations = {{.path = "arguments", .code = "malformed_arguments", .message = job.call->problem}}});
  }
  if (job.repeats >= limits_.same_call_max) {
    return fail(ErrorCode::resource_exhausted, "repeated_tool_call",
                str("You have called ", call.name, " with these arguments ", job.repeats - 1,
                    " times already and the answer will not change: use it, or change the arguments"));
  }
  TRY(tool->offered(context));
  const bool cacheable = cache_ && tool->cacheable();
  if (cacheable) {
    if (auto known = cache_->find(context, call.name, call.arguments)) {
      ToolOutcome outcome = tool->outcome(*known);
      return Executed{.content = *std::move(known), .outcome = std::move(outcome), .cached = true};
    }
  }
  ToolContext bounded_context = context;
  bounded_context.call = context.call.with_timeout(limits_.tool_time_max);
  bounded_context.call.work_class = WorkClass::model;
  bool threw = true;
  ToolOutcome outcome;
  Result<json::object> content = guarded([&] {
    Result<json::object> answered = tool->execute(bounded_context, call.arguments);
    if (answered && !answered->contains("error")) outcome = tool->outcome(*answered);
    threw = false;
    return answered;
  });
  if (threw && content.error().code == ErrorCode::internal)
    content.error().message = str("The tool ", call.name, " failed; this is not your fault");
  if (!content) return fail(std::move(content).error());
  if (cacheable && !content->contains("error")) cache_->keep(context, call.name, call.arguments, *content);
  return Executed{.content = *std::move(content), .outcome = std::move(outcome)};
}

// Answers over the limit become their beginning and a note: a model that is told so asks for less.
json::object ToolRunner::bounded(json::object content) const {
  const std::string text = json::serialize(content);
  if (text.size() <= limits_.tool_result_bytes_max) return content;
  const std::string_view beginning = cut_text(text, limits_.tool_result_bytes_max / 2);
  return {{"truncated", true},
          {"note", str("The answer has ", text.size(), " bytes, more than the ", limits_.tool_result_bytes_max,
                       " that fit; this is how it begins. Ask for less.")},
          {"beginning", json::string(beginning)}};
}

std::string ToolRunner::summary_of(const ToolResult& result) const {
  const json::value* error = result.content.if_contains("error");
  if (error && error->is_object() && error->get_object().contains("message") && error->get_object().at("message").is_string()) {
    return std::string(cut_text(error->get_object().at("message").get_string(), kSummaryBytesMax));
  }
  const auto tool = tools_.get_tool(result.name);
  std::string summary = tool && result.ok && !result.content.contains("beginning") ? (*tool)->summarise(result.content) : std::string();
  if (summary.empty()) summary = summary_of_fields(result.content);
  return std::string(cut_text(summary, kSummaryBytesMax));
}

Result<> ToolRunner::emit(const TurnEvent& event) {
  const std::lock_guard lock(sink_mutex_);
  return sink_(event);
}

}  // namespace bridge
