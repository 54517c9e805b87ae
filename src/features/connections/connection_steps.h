#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "features/connections/connection.h"

namespace bridge {

// Takes down how a connection is proven: which steps there were, how long each took, which one failed and what mends it. Of one thread.
class ConnectionSteps final {
 public:
  // The one before it is done. A step that is told again is the one that failed, and what came after it was of it.
  void begin(ConnectionStep step);
  // Of the step under way, which is done all the same.
  void advise(std::string mend);
  // The step under way was none.
  void forget();
  void fail(const Error& error);
  std::vector<ConnectionTestStep> finish();

 private:
  using Clock = std::chrono::steady_clock;
  void end_current();

  struct Step {
    ConnectionStep step;
    ConnectionTestStep seen;
  };
  std::vector<Step> steps_;
  Clock::time_point began_;
  bool is_under_way_ = false;
};

// What a failure says to a person, in one text.
std::string text_of(const Error& error);

// Looks at the rights, finds a table, dry-runs and reads one row of it. Returns the first failure, which is taken down.
Result<> prove_reading(const CallContext& context, Warehouse& warehouse, ConnectionSteps& steps);

}  // namespace bridge
