#include "platform/work/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "platform/work/periodic_task.h"

namespace bridge {
namespace {

constexpr std::chrono::seconds kRetryAfter{1};

Error overloaded() {
  return {.code = ErrorCode::unavailable,
          .message = "The server is busy: try again in a moment",
          .reason = "overloaded",
          .retry_after = kRetryAfter};
}
Error stopping() {
  return {.code = ErrorCode::unavailable, .message = "The server is stopping: try again when it is back", .reason = "stopping"};
}

bool may_end(const CallContext& context) { return context.deadline.has_value() || context.stop.stop_possible(); }

class KeyedWorkerPool final : public WorkerPool {
 public:
  explicit KeyedWorkerPool(WorkerPoolLimits limits) : limits_(std::move(limits)) {}
  ~KeyedWorkerPool() override { KeyedWorkerPool::stop(); }

  Result<> submit(WorkerJob job) override {
    return guarded([&]() -> Result<> {
      std::unique_lock lock(mutex_);
      if (stopping_) return fail(stopping());
      Lane& lane = lane_of(job.key, job.group);
      const AtEnd forget_unused([&] {
        if (!lock.owns_lock()) return;  // it has got the job
        erase_when_unused(lane);
      });
      if (may_run(lane)) {
        if (!idle_.empty()) {
          Worker& worker = *idle_.back();
          idle_.pop_back();
          give(worker, lane, job);
          lock.unlock();  // first, so that the thread that wakes does not wait for it
          worker.wake.notify_one();
          return {};
        }
        if (workers_.size() < limits_.threads_max && start_thread(lane, job)) return {};
      }
      if (workers_.empty()) return fail(out_of_memory());
      if (!may_wait(lane)) return fail(overloaded());
      const bool watched = may_end(job.context);
      lane.jobs.push_back(std::move(job));
      ++waiting_;
      ++lane.group->waiting;
      make_ready(lane);
      if (watched) watch();
      return {};
    });
  }

  void stop() override {
    std::unique_ptr<PeriodicTask> watcher;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      ready_.clear();
      for (Worker* worker : idle_) worker->wake.notify_one();
      idle_.clear();
      watcher = std::move(watcher_);
    }
    watcher.reset();
    for (std::list<WorkerJob> left = take_left(); WorkerJob & job : left) drop(job, stopping());
    const std::lock_guard joining(joining_);
    // No thread is started any more, so the list stays as it is.
    for (Worker& worker : workers_) {
      if (worker.thread != pthread_t{}) pthread_join(std::exchange(worker.thread, pthread_t{}), nullptr);
    }
  }

  WorkerPoolStatistics statistics() const override {
    const std::lock_guard lock(mutex_);
    return {.running = running_, .waiting = waiting_};
  }

 private:
  // The keys of one owner. There while any of them is.
  struct Group {
    std::size_t lanes = 0;
    std::size_t running = 0;
    std::size_t waiting = 0;
  };
  using GroupEntry = std::pair<const std::string, Group>;

  // The jobs of one key. There while any of them runs or waits.
  struct Lane {
    std::string key;
    GroupEntry* group_entry = nullptr;
    Group* group = nullptr;
    std::list<WorkerJob> jobs;  // that wait
    std::size_t running = 0;
    std::list<Lane*> seat;  // its node of ready_ while it is not there, so that no thread needs memory to end a job
  };

  struct Worker {
    KeyedWorkerPool* pool;
    pthread_t thread{};
    std::condition_variable wake;
    std::optional<WorkerJob> job;  // given to it while it was idle, or to begin with
    Lane* lane = nullptr;          // of its job
  };

  Lane& lane_of(const std::string& key, const std::string& group) {
    if (const auto found = lanes_.find(key); found != lanes_.end()) return found->second;
    Lane fresh{.key = key};
    fresh.seat.push_back(nullptr);
    GroupEntry& entry = *groups_.try_emplace(group.empty() ? key : group).first;
    const AtEnd forget_unused([&] {
      if (entry.second.lanes == 0) groups_.erase(groups_.find(entry.first));
    });
    Lane& lane = lanes_.emplace(key, std::move(fresh)).first->second;
    lane.seat.front() = &lane;
    lane.group_entry = &entry;
    lane.group = &entry.second;
    ++lane.group->lanes;
    return lane;
  }

  void erase_when_unused(const Lane& lane) {
    if (lane.running > 0 || !lane.jobs.empty()) return;
    if (--lane.group->lanes == 0) groups_.erase(groups_.find(lane.group_entry->first));
    lanes_.erase(lanes_.find(lane.key));
  }

  // Whether a thread may take a job of it.
  bool may_run(const Lane& lane) const {
    if (lane.running >= limits_.key_threads_max) return false;
    return !limits_.groups_leave_room || leaves_room(limits_.threads_max - running_, lane.group->running, lane.running);
  }

  bool may_wait(const Lane& lane) const {
    if (waiting_ >= limits_.queue_max || lane.jobs.size() >= limits_.key_queue_max) return false;
    return !limits_.groups_leave_room || leaves_room(limits_.queue_max - waiting_, lane.group->waiting, lane.jobs.size());
  }

  static bool leaves_room(std::size_t free, std::size_t of_group, std::size_t of_key) {
    return free > of_group && free - of_group > of_key;
  }

  // To the end of the line of keys.
  void make_ready(Lane& lane) {
    if (lane.jobs.empty() || lane.seat.empty()) return;
    ready_.splice(ready_.end(), lane.seat);
  }

  // Out of the line of keys.
  void make_unready(Lane& lane) {
    for (auto place = ready_.begin(); place != ready_.end(); ++place) {
      if (*place == &lane) return lane.seat.splice(lane.seat.end(), ready_, place);
    }
  }

  void give(Worker& worker, Lane& lane, WorkerJob& job) {
    worker.job.emplace(std::move(job));
    worker.lane = &lane;
    count_running(lane, 1);
  }

  void count_running(Lane& lane, int change) {
    lane.running += change;
    lane.group->running += change;
    running_ += change;
  }

  std::list<Lane*>::iterator next_in_line() {
    return std::ranges::find_if(ready_, [&](const Lane* lane) { return may_run(*lane); });
  }

  // The next job of the first key in line that may have a thread; false when there is none.
  bool take_next(Worker& worker) {
    const auto next = next_in_line();
    if (next == ready_.end()) return false;
    Lane& lane = **next;
    give(worker, lane, lane.jobs.front());
    to_end_of_line(next);
    return true;
  }

  // A job that ended may have made room for more than the one that its thread goes on with.
  void wake_others() {
    for (auto next = next_in_line(); next != ready_.end(); next = next_in_line()) {
      if (idle_.empty()) {
        Lane& lane = **next;
        if (workers_.size() >= limits_.threads_max || !start_thread(lane, lane.jobs.front())) return;
        to_end_of_line(next);
      } else {
        Worker& worker = *idle_.back();
        idle_.pop_back();
        take_next(worker);
        worker.wake.notify_one();
      }
    }
  }

  // After its first job was given to a thread.
  void to_end_of_line(std::list<Lane*>::iterator place) {
    Lane& lane = **place;
    lane.jobs.pop_front();
    count_out(lane);
    lane.seat.splice(lane.seat.end(), ready_, place);
    make_ready(lane);
  }

  // A job that waited no longer does.
  void count_out(Lane& lane) {
    --waiting_;
    --lane.group->waiting;
  }

  void end_job(Lane& lane) {
    count_running(lane, -1);
    erase_when_unused(lane);
  }

  // Takes the job only when there is a thread for it.
  bool start_thread(Lane& lane, WorkerJob& job) {
    if (!guarded([&] { idle_.reserve(workers_.size() + 1); })) return false;  // so that no thread needs memory to become idle
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    if (limits_.stack_bytes > 0) pthread_attr_setstacksize(&attributes, limits_.stack_bytes);
    if (!guarded([&] { workers_.emplace_back(this); })) {
      pthread_attr_destroy(&attributes);
      return false;
    }
    Worker& worker = workers_.back();
    give(worker, lane, job);
    const auto run = [](void* started) -> void* {
      auto& self = *static_cast<Worker*>(started);
      self.pool->work(self);
      return nullptr;
    };
    const bool started = pthread_create(&worker.thread, &attributes, run, &worker) == 0;
    pthread_attr_destroy(&attributes);
    if (started) return true;
    job = std::move(*worker.job);
    count_running(lane, -1);
    workers_.pop_back();
    return false;
  }

  void work(Worker& worker) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!worker.job && (stopping_ || !take_next(worker))) {
        if (stopping_) return;
        idle_.push_back(&worker);
        worker.wake.wait(lock, [&] { return stopping_ || worker.job; });
        continue;
      }
      wake_others();
      Lane& lane = *worker.lane;
      lock.unlock();
      run(*worker.job);
      worker.job.reset();
      lock.lock();
      end_job(lane);
    }
  }

  void run(WorkerJob& job) {
    const Result<> wanted = guarded([&] { return job.context.check(); });
    if (!wanted) return drop(job, wanted.error());
    if (const Result<> ran = guarded(job.work); !ran) log_failure("thread_failed", limits_.name, ran.error());
  }

  void drop(WorkerJob& job, const Error& why) {
    if (!job.dropped) return;
    if (const Result<> told = guarded([&] { job.dropped(why); }); !told) log_failure("thread_failed", limits_.name, told.error());
  }

  // Under the lock. Without a watcher, jobs that ended are dropped when their turn comes.
  void watch() {
    (void)guarded([&] {
      if (!watcher_)
        watcher_ = start_periodic_task({.name = limits_.name + ": jobs that ended", .interval = kDropCheckEvery},
                                       [this](const std::stop_token&) { return drop_ended(); });
      if (!std::exchange(watching_, true)) watcher_->run_now();
    });
  }

  NextRun drop_ended() {
    std::list<WorkerJob> ended;
    bool any_left = false;
    {
      const std::lock_guard lock(mutex_);
      for (auto item = lanes_.begin(); item != lanes_.end();) {
        Lane& lane = item->second;
        const auto next = std::next(item);
        for (auto job = lane.jobs.begin(); job != lane.jobs.end();) {
          const auto candidate = job++;
          if (guarded([&] { return candidate->context.check(); })) continue;
          ended.splice(ended.end(), lane.jobs, candidate);
          count_out(lane);
        }
        if (lane.jobs.empty()) make_unready(lane);
        erase_when_unused(lane);
        item = next;
      }
      any_left = watching_ = waiting_ > 0;
    }
    for (WorkerJob& job : ended) drop(job, guarded([&] { return job.context.check(); }).error());
    return any_left ? NextRun::after_interval : NextRun::when_asked;
  }

  // The jobs that still waited when the pool was stopped.
  std::list<WorkerJob> take_left() {
    std::list<WorkerJob> left;
    const std::lock_guard lock(mutex_);
    for (auto& [key, lane] : lanes_) {
      lane.group->waiting -= lane.jobs.size();
      waiting_ -= lane.jobs.size();
      left.splice(left.end(), lane.jobs);
    }
    return left;
  }

  const WorkerPoolLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Group, std::less<>> groups_;
  std::map<std::string, Lane, std::less<>> lanes_;
  std::list<Lane*> ready_;  // those with jobs that wait, in turn; while a thread is idle, none of them may have one more
  std::size_t waiting_ = 0;
  std::size_t running_ = 0;
  std::list<Worker> workers_;
  std::vector<Worker*> idle_;  // the latest last
  bool stopping_ = false;
  bool watching_ = false;
  std::mutex joining_;
  std::unique_ptr<PeriodicTask> watcher_;  // started when the first job waits whose call may end
};

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

}  // namespace

std::unique_ptr<WorkerPool> make_worker_pool(WorkerPoolLimits limits) { return std::make_unique<KeyedWorkerPool>(std::move(limits)); }

Result<> run_all(WorkerPool& pool, const std::string& key, std::size_t count, const std::function<void(std::size_t)>& work) {
  if (count == 0) return {};
  const auto batch = std::make_shared<Batch>(count, work);
  // Helpers that have not begun when all is done leave the queue.
  std::optional<std::stop_source> done;
  (void)guarded([&] {
    if (count > 1) done.emplace();
    for (std::size_t i = 1; i < count; ++i) {
      CallContext context;
      context.stop = done->get_token();
      // What cannot be queued the caller does itself.
      if (!pool.submit({.key = key, .context = std::move(context), .work = [batch] { batch->help(); }, .dropped = {}})) break;
    }
  });
  batch->help();
  Result<> outcome = batch->wait();
  if (done) done->request_stop();
  return outcome;
}

}  // namespace bridge
