#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ai_sdk/core/message.h"
#include "base/call_context.h"
#include "base/json.h"

namespace bridge {

// What a tool may know of the conversation it runs in. Who is asking comes from `context.caller`, never from arguments.
struct ToolContext {
  CallContext call;
  SessionId session_id;
  ConnectionId connection_id;
};

// One thing that a model may do. Thread-safe.
class ToolDefinition {
 public:
  virtual ~ToolDefinition() = default;
  virtual std::string name() const = 0;
  virtual std::string description() const = 0;  // one line, for the model
  // What a call does, for people who watch and have never heard of tools: "Reading the columns of flights". The arguments are as the model
  // wrote them: any may be missing, or of another type.
  virtual std::string title(const json::object& arguments) const = 0;
  virtual json::object parameters() const = 0;  // JSON Schema
  virtual Role required_role() const = 0;
  // failed_precondition while something else has to happen first in this session, whatever the arguments: the model is told what, and
  // where its API allows the tool is not even shown.
  virtual Result<> offered(const ToolContext& /*context*/) const { return {}; }
  // Whether models are told of it. What only the rules call costs no model a line of its prompt.
  virtual bool listed() const { return true; }
  // Whether equal arguments give equal answers for as long as the catalog stays the same, and nothing else happens.
  virtual bool cacheable() const { return false; }
  // Wrong arguments and refusals are errors with violations; the model gets them back to mend its call.
  // An answer with an object named `error` is a refusal too, and may say more than an Error can.
  virtual Result<json::object> execute(const ToolContext& context, const json::object& arguments) = 0;
  // What an answer that is no refusal is to those who follow the turn.
  virtual ToolOutcome outcome(const json::object& /*answer*/) const { return {}; }
  // An answer in a few words, for people who watch: "3 tables". Empty: one is made from the answer's fields.
  virtual std::string summarise(const json::object& /*answer*/) const { return {}; }
};

// An argument's earlier name, which callers still use.
struct FormerName {
  std::string_view former;
  std::string_view now;
};
// Specialise for a struct of arguments, as `field_notes`.
template <class Arguments>
inline constexpr std::span<const FormerName> former_names{};

// The arguments under today's names. One that is given under both keeps both, and is refused as unknown.
template <class Arguments>
json::object with_names_of_today(json::object arguments) {
  for (const FormerName& name : former_names<Arguments>) {
    json::value* const value = arguments.if_contains(name.former);
    if (!value || arguments.contains(name.now)) continue;
    arguments[name.now] = json::value(std::move(*value));
    arguments.erase(name.former);
  }
  return arguments;
}

// An argument that is text, under its name of today; empty when there is none.
template <class Arguments>
std::string text_argument(const json::object& arguments, std::string_view name) {
  const json::object today = with_names_of_today<Arguments>(arguments);
  const json::value* const value = today.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// A tool whose arguments and result are described structs: the schema and the strict reading of arguments follow from `Arguments`.
template <class Arguments, class Answer>
class TypedTool : public ToolDefinition {
 public:
  json::object parameters() const final { return json_schema<Arguments>(); }
  Result<json::object> execute(const ToolContext& context, const json::object& arguments) final {
    const Arguments typed = TRY(from_json<Arguments>(with_names_of_today<Arguments>(arguments)));
    const Answer answer = TRY(run(context, typed));
    return to_json(answer).as_object();
  }

 private:
  virtual Result<Answer> run(const ToolContext& context, const Arguments& arguments) = 0;
};

}  // namespace bridge
