#pragma once

#include <memory>
#include <string>

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
  virtual json::object parameters() const = 0;  // JSON Schema
  virtual Role required_role() const = 0;
  // failed_precondition while something else has to happen first in this session, whatever the arguments: the model is told what, and
  // where its API allows the tool is not even shown.
  virtual Result<> offered(const ToolContext& /*context*/) const { return {}; }
  // Whether equal arguments give equal answers for as long as the catalog stays the same, and nothing else happens.
  virtual bool cacheable() const { return false; }
  // Wrong arguments and refusals are errors with violations; the model gets them back to mend its call.
  // An answer with an object named `error` is a refusal too, and may say more than an Error can.
  virtual Result<json::object> execute(const ToolContext& context, const json::object& arguments) = 0;
  // An answer in a few words, for people who watch: "3 tables". Empty: one is made from the answer's fields.
  virtual std::string summarise(const json::object& /*answer*/) const { return {}; }
};

// A tool whose arguments and result are described structs: the schema and the strict reading of arguments follow from `Arguments`.
template <class Arguments, class Answer>
class TypedTool : public ToolDefinition {
 public:
  json::object parameters() const final { return json_schema<Arguments>(); }
  Result<json::object> execute(const ToolContext& context, const json::object& arguments) final {
    const Arguments typed = TRY(from_json<Arguments>(arguments));
    const Answer answer = TRY(run(context, typed));
    return to_json(answer).as_object();
  }

 private:
  virtual Result<Answer> run(const ToolContext& context, const Arguments& arguments) = 0;
};

}  // namespace bridge
