#include "features/observability/model_call_log.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/guarded.h"
#include "base/log.h"
#include "base/person.h"
#include "features/observability/limits.h"
#include "features/observability/model_call_store.h"

namespace bridge {

namespace {

std::optional<std::string> text_or_none(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

ModelCall to_row(const ModelCallRecord& record, Time now) {
  return {.id = ModelCallId::make(),
          .team_id = record.team_id,
          .user_id = user_of(record.person_id),
          .person_id = record.person_id,
          .session_id = record.session_id,
          .provider = record.provider,
          .model = record.model,
          .step = record.step,
          .attempt = record.attempt,
          .input_tokens = record.usage.input_tokens,
          .output_tokens = record.usage.output_tokens,
          .cache_read_tokens = record.usage.cache_read_tokens,
          .cache_write_tokens = record.usage.cache_write_tokens,
          .cache_write_long_tokens = record.usage.cache_write_long_tokens,
          .usage_complete = record.usage.complete,
          .service_tier = record.usage.service_tier,
          .cost_nano_usd = record.cost_nano_usd,
          .price_date = text_or_none(record.price_date),
          .latency_ms = record.latency_ms,
          .time_to_first_token_ms = record.time_to_first_token_ms,
          .status = record.status,
          .error_code = text_or_none(record.error_code),
          .trace_id = text_or_none(record.correlation_id),
          .created_at = now};
}

class DirectoryCallLog final : public ModelCallObserver {
 public:
  DirectoryCallLog(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock)
      : database_(std::move(database)), clock_(std::move(clock)), writer_([this](const std::stop_token& stop) { write_all(stop); }) {}

  ~DirectoryCallLog() override {
    writer_.request_stop();
    changed_.notify_all();
  }

  void on_model_call(const ModelCallRecord& record) override {
    ModelCall row = to_row(record, clock_->now());
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kCallsWaitingMax; });
    waiting_.push_back(std::move(row));
    const std::uint64_t mine = ++brought_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return written_ >= mine; });
  }

 private:
  // On the writer's thread; what waits when it is told to stop is written before it does.
  void write_all(const std::stop_token& stop) {
    run_rounds(stop, "log of model calls", [&] {
      std::vector<ModelCall> batch;
      batch.reserve(kCallsPerTransactionMax);
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop.stop_requested() || !waiting_.empty(); });
        if (waiting_.empty()) return false;
        while (!waiting_.empty() && batch.size() < kCallsPerTransactionMax) {
          batch.push_back(std::move(waiting_.front()));
          waiting_.pop_front();
        }
      }
      const AtEnd tell_those_who_wait([&] {
        const std::lock_guard lock(mutex_);
        written_ += batch.size();
        changed_.notify_all();
      });
      write(batch);
      return true;
    });
  }

  void write(const std::vector<ModelCall>& batch) {
    if (insert(batch)) return;
    // One bad row (its team is gone) takes no others with it.
    for (const ModelCall& call : batch) {
      const Result<> inserted = insert({call});
      if (inserted) continue;
      log_error("model_call_not_kept", {{"team_id", call.team_id.value()},
                                        {"session_id", call.session_id.value()},
                                        {"tokens", str(call.input_tokens.value_or(0), "+", call.output_tokens.value_or(0))},
                                        {"error", describe_error(inserted.error())},
                                        {"detail", inserted.error().detail}});
    }
  }

  Result<> insert(const std::vector<ModelCall>& batch) {
    return guarded([&] {
      return database_->transact({}, [&](Transaction& transaction) -> Result<> {
        for (const ModelCall& call : batch) TRY(insert_model_call(transaction, call));
        return {};
      });
    });
  }

  const std::shared_ptr<Database> database_;
  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ModelCall> waiting_;
  std::uint64_t brought_ = 0;
  std::uint64_t written_ = 0;
  std::jthread writer_;  // last: it uses all of the above
};

}  // namespace

std::shared_ptr<ModelCallObserver> make_model_call_log(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock) {
  return std::make_shared<DirectoryCallLog>(std::move(database), std::move(clock));
}

}  // namespace bridge
