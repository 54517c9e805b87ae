#include "features/query_execution/work_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/guarded.h"
#include "features/query_execution/limits.h"

namespace bridge {
namespace {

// The pieces of one call. Threads that come late find none left; `work` is used only while its caller waits.
class Batch {
 public:
  Batch(std::size_t count, const std::function<void(std::size_t)>& work) : work_(work), count_(count) {}

  // Runs pieces until none is left.
  void help() noexcept {
    for (;;) {
      const std::size_t index = next_.fetch_add(1);
      if (index >= count_) return;
      finish(guarded([&] { work_(index); }));
    }
  }

  Result<> wait() {
    std::unique_lock lock(mutex_);
    all_done_.wait(lock, [&] { return finished_ == count_; });
    return std::move(outcome_);
  }

 private:
  void finish(Result<> piece) noexcept {
    const std::lock_guard lock(mutex_);
    if (!piece && outcome_) outcome_ = std::move(piece);
    if (++finished_ == count_) all_done_.notify_all();
  }

  const std::function<void(std::size_t)>& work_;
  const std::size_t count_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable all_done_;
  std::size_t finished_ = 0;  // guarded by mutex_, as is outcome_
  Result<> outcome_;
};

// A caller's own thread helps, so that a full pool, or one without a single thread, can never stop it.
class ThreadWorkPool final : public WorkPool {
 public:
  explicit ThreadWorkPool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& stop) { loop(stop); });
  }
  ~ThreadWorkPool() override {
    for (auto& thread : threads_) thread.request_stop();
    changed_.notify_all();
  }

  Result<> run_all(std::size_t count, const std::function<void(std::size_t)>& work) override {
    if (count == 0) return {};
    const auto batch = std::make_shared<Batch>(count, work);
    // Whatever could not be queued the caller does itself.
    (void)guarded([&] {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 1; i < count && batches_.size() < query_limits::kQueryQueueMax; ++i) batches_.push_back(batch);
    });
    changed_.notify_all();
    batch->help();
    return batch->wait();
  }

 private:
  void loop(const std::stop_token& stop) {
    run_rounds(stop, "pool of queries", [&] {
      std::shared_ptr<Batch> batch;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [&] { return !batches_.empty(); })) return false;
        batch = std::move(batches_.front());
        batches_.pop_front();
      }
      batch->help();
      return true;
    });
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<Batch>> batches_;
  std::vector<std::jthread> threads_;  // last: they use everything above
};

}  // namespace

std::unique_ptr<WorkPool> make_work_pool(int threads) { return std::make_unique<ThreadWorkPool>(threads); }

}  // namespace bridge
