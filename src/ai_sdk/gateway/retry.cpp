#include "ai_sdk/gateway/retry.h"

#include <condition_variable>
#include <list>
#include <mutex>
#include <random>

#include "ai_sdk/gateway/limits.h"
#include "base/text.h"

namespace bridge {

namespace {

using std::chrono::milliseconds;

double random_share() {
  static thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

void wait_for(const CallContext& context, milliseconds delay) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, context.stop, context.time_left(delay), [] { return false; });
}

// How many retries each team has left. Every call earns a share of one.
class RetryBudgets final {
 public:
  void earn(const TeamId& team) {
    const std::lock_guard lock(mutex_);
    double& left = left_of(team);
    left = std::min(left + kRetryShare, kRetriesSavedMax);
  }
  bool spend(const TeamId& team) {
    const std::lock_guard lock(mutex_);
    double& left = left_of(team);
    if (left < 1) return false;
    left -= 1;
    return true;
  }

 private:
  double& left_of(const TeamId& team) {
    if (const auto found = left_.find(team); found != left_.end()) return found->second;
    if (order_.size() >= kTeamsRememberedMax) {
      left_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(team);
    return left_[team] = kRetriesAtStart;
  }

  std::mutex mutex_;
  std::unordered_map<TeamId, double> left_;
  std::list<TeamId> order_;
};

bool is_output(const StreamPart& part) {
  return std::holds_alternative<TextDelta>(part) || std::holds_alternative<ReasoningDelta>(part) ||
         std::holds_alternative<ToolCallStart>(part) || std::holds_alternative<ToolCallEnd>(part);
}

class RetryingCaller final : public ModelCaller {
 public:
  RetryingCaller(std::vector<CallTarget> targets, RetryOptions options) : targets_(std::move(targets)), options_(std::move(options)) {
    if (!options_.random) options_.random = &random_share;
    if (!options_.wait) options_.wait = &wait_for;
  }

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    budgets_.earn(context.caller.team_id);
    Call call{.context = context, .request = request, .sink = sink};
    for (std::size_t i = 0;; ++i) {
      const CallTarget& target = targets_[i];
      if (!target.model.empty()) call.request.model = target.model;
      const Outcome outcome = ask(target, call);
      const CallTarget* next = i + 1 < targets_.size() ? &targets_[i + 1] : nullptr;
      if (outcome.result || outcome.final || !next) return outcome.result;
      TRY(call.void_output());
      TRY(sink(ProviderSwitch{.from = str(target.provider, "/", call.request.model),
                              .to = str(next->provider, "/", next->model.empty() ? request.model : next->model),
                              .reason = outcome.result.error().message}));
    }
  }

 private:
  struct Call {
    const CallContext& context;
    CompletionRequest request;
    const StreamSink& sink;
    bool has_output = false;

    Result<> void_output() { return std::exchange(has_output, false) ? sink(StreamReset{}) : Result<>{}; }
  };
  struct Outcome {
    Result<> result;
    bool final = false;  // no other model would help either
  };

  // Asks one model until it has answered or cannot be had.
  Outcome ask(const CallTarget& target, Call& call) {
    for (int attempt = 1;; ++attempt, ++call.request.attempt) {
      bool listener_left = false;
      const Result<> result = target.caller->stream_completion(call.context, call.request, [&](const StreamPart& part) {
        call.has_output = call.has_output || is_output(part);
        Result<> taken = call.sink(part);
        listener_left = !taken;
        return taken;
      });
      if (result) return {result};
      if (listener_left || !call.context.check() || !is_retryable(result.error())) return {.result = result, .final = true};
      const std::optional<milliseconds> delay = delay_before_next(attempt, result.error(), call);
      if (!delay) {
        ++call.request.attempt;
        return {result};
      }
      options_.wait(call.context, *delay);
      if (const Result<> wanted = call.context.check(); !wanted) return {.result = wanted, .final = true};
      if (const Result<> voided = call.void_output(); !voided) return {.result = voided, .final = true};
    }
  }

  // Nothing when this model should not be asked again.
  std::optional<milliseconds> delay_before_next(int attempt, const Error& error, const Call& call) {
    if (attempt >= kAttemptsMax || error.reason == "circuit_open") return std::nullopt;
    milliseconds delay{};
    if (error.retry_after) {
      if (*error.retry_after > kServerDelayMax) return std::nullopt;
      delay = *error.retry_after;
    } else {
      const milliseconds ceiling = std::min(kRetryDelayFirst * (1 << (attempt - 1)), kRetryDelayMax);
      delay = milliseconds(static_cast<std::int64_t>(static_cast<double>(ceiling.count()) * options_.random()));
    }
    if (call.context.time_left(delay + milliseconds(1)) <= delay) return std::nullopt;
    if (!budgets_.spend(call.context.caller.team_id)) return std::nullopt;
    return delay;
  }

  const std::vector<CallTarget> targets_;
  RetryOptions options_;
  RetryBudgets budgets_;
};

}  // namespace

std::shared_ptr<ModelCaller> with_retries(std::vector<CallTarget> targets, RetryOptions options) {
  return std::make_shared<RetryingCaller>(std::move(targets), std::move(options));
}

}  // namespace bridge
