#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/result.h"

namespace bridge {

// How a call is answered, message by message.
class Reply {
 public:
  virtual ~Reply() = default;
  // Blocks while the server does not take it. A failure means that nobody wants the answer: the call ends with it.
  virtual Result<> send(std::string_view message) = 0;
};

// Answers one call; an error ends it as one. Called on several threads at once. `context` holds the deadline and the stop, and no caller:
// who may ask is for the server to know.
using AnswerCall = std::function<Result<>(const CallContext& context, std::string_view request, Reply& reply)>;

// What runs in workers of one kind.
struct WorkerProgram {
  std::string name;
  // In the zygote, once, before the first worker of this kind: loads what all of them share. Starts no thread, opens nothing that stays
  // open. May be empty. Where it fails, so does every start of such a worker.
  std::function<Result<>()> prepare;
  // In the worker, behind its walls. `argument` may hold secrets: it comes from the server and never passes through the zygote.
  std::function<Result<AnswerCall>(std::string argument)> start;
};

// Has the program be the zygote, and a worker of each that it forks, when the server started it as that; then it never returns. The first
// thing in main(): there may be no thread yet.
void serve_if_zygote(int argc, char** argv, std::span<const WorkerProgram> programs);

}  // namespace bridge
