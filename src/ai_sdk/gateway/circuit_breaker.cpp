#include "ai_sdk/gateway/circuit_breaker.h"

#include <list>
#include <mutex>

#include "ai_sdk/gateway/limits.h"
#include "base/guarded.h"
#include "base/text.h"

namespace bridge {

namespace {

using TimePoint = CallContext::Clock::time_point;
using std::chrono::milliseconds;

enum class Verdict { success, failure, neither };

// The state of one model's circuit.
class Circuit final {
 public:
  // Nothing when a call may go through; else how long it is closed to calls.
  std::optional<milliseconds> admit(TimePoint now) {
    if (now < open_until_) return std::chrono::ceil<milliseconds>(open_until_ - now);
    if (!is_tripped()) return std::nullopt;
    if (probing_) return kBreakerOpenFirst;
    probing_ = true;
    return std::nullopt;
  }

  void settle(Verdict verdict, std::optional<milliseconds> asked, TimePoint now) {
    const bool was_probe = std::exchange(probing_, false);
    if (verdict == Verdict::success) {
      failures_ = 0;
      open_for_ = kBreakerOpenFirst;
      return;
    }
    if (verdict == Verdict::neither) return;
    ++failures_;
    if (asked && *asked > kServerDelayMax) {
      failures_ = std::max(failures_, kBreakerFailuresMax);
      open_until_ = now + std::min(*asked, kBreakerOpenMax);
      return;
    }
    if (!is_tripped()) return;
    if (was_probe) open_for_ = std::min(open_for_ * 2, kBreakerOpenMax);
    open_until_ = now + open_for_;
  }

 private:
  bool is_tripped() const { return failures_ >= kBreakerFailuresMax; }

  int failures_ = 0;
  bool probing_ = false;
  milliseconds open_for_ = kBreakerOpenFirst;
  TimePoint open_until_{};
};

Verdict verdict_of(const Result<>& result) {
  if (result) return Verdict::success;
  switch (result.error().code) {
    case ErrorCode::unavailable:
    case ErrorCode::deadline_exceeded:
    case ErrorCode::resource_exhausted: return is_retryable(result.error()) ? Verdict::failure : Verdict::neither;
    case ErrorCode::cancelled:
    case ErrorCode::internal: return Verdict::neither;
    default: return Verdict::success;  // it refused this request: it is well
  }
}

class GuardedCaller final : public ModelCaller {
 public:
  GuardedCaller(std::shared_ptr<ModelCaller> caller, std::string name) : caller_(std::move(caller)), name_(std::move(name)) {}

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    TRY(admit(request.model));
    bool listener_left = false;
    const Result<> result = guarded([&] {
      return caller_->stream_completion(context, request, [&](const StreamPart& part) {
        Result<> taken = sink(part);
        listener_left = !taken;
        return taken;
      });
    });
    settle(request.model, listener_left || !context.check() ? Verdict::neither : verdict_of(result),
           result ? std::nullopt : result.error().retry_after);
    return result;
  }

 private:
  Result<> admit(const std::string& model) {
    const std::lock_guard lock(mutex_);
    const auto wait = circuit_of(model).admit(CallContext::Clock::now());
    if (!wait) return {};
    return fail(Error{.code = ErrorCode::unavailable,
                      .message = str(name_, " has failed several times in a row with ", model, "; it is tried again in ",
                                     std::chrono::ceil<std::chrono::seconds>(*wait).count(), " s"),
                      .reason = "circuit_open",
                      .retry_after = *wait,
                      .retryable = true});
  }

  void settle(const std::string& model, Verdict verdict, std::optional<milliseconds> asked) {
    const std::lock_guard lock(mutex_);
    circuit_of(model).settle(verdict, asked, CallContext::Clock::now());
  }

  Circuit& circuit_of(const std::string& model) {
    if (const auto found = circuits_.find(model); found != circuits_.end()) return found->second;
    if (order_.size() >= kCircuitsMax) {
      circuits_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(model);
    return circuits_[model];
  }

  const std::shared_ptr<ModelCaller> caller_;
  const std::string name_;
  std::mutex mutex_;
  std::map<std::string, Circuit> circuits_;  // by model
  std::list<std::string> order_;             // oldest first
};

}  // namespace

std::shared_ptr<ModelCaller> with_circuit_breaker(std::shared_ptr<ModelCaller> caller, std::string name) {
  return std::make_shared<GuardedCaller>(std::move(caller), std::move(name));
}

}  // namespace bridge
