#include "features/jobs/job_service.h"

#include "base/guarded.h"
#include "base/log.h"
#include "base/person.h"
#include "features/jobs/job_store.h"
#include "features/jobs/limits.h"
#include "platform/metadata_db/row_mapper.h"
#include "platform/work/periodic_task.h"

namespace bridge {
namespace {

std::unexpected<Error> no_such_job() { return fail(ErrorCode::not_found, "job_not_found", "There is no such job"); }

class JobServiceOnThreads final : public JobService {
 public:
  JobServiceOnThreads(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock, std::vector<JobKind> kinds,
                      JobServiceOptions options)
      : database_(std::move(database)), clock_(std::move(clock)), options_(options) {
    for (JobKind& kind : kinds) kinds_.emplace(kind.name, std::move(kind));
  }
  ~JobServiceOnThreads() override { JobServiceOnThreads::stop(); }

  Result<> start() override {
    if (options_.sole_process) {
      TRY(database_->transact({}, [&](Transaction& transaction) { return end_leases_of_others(transaction, owner_, clock_->now()); }));
    }
    for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this](std::stop_token stop) { work(stop); });
    renewer_ =
        start_periodic_task({.name = "leases of jobs", .interval = kJobLeaseRenewEvery}, [this](const std::stop_token&) { renew(); });
    return {};
  }

  void stop() override {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
    renewer_.reset();  // not before: those that end keep their leases until they have ended
  }

  Result<Job> submit(const CallContext& context, std::string_view kind, json::object input) override {
    const Job job = TRY(transact_value<Job>(
        *database_, context, [&](Transaction& transaction) { return submit(transaction, context, kind, std::move(input)); }));
    wake();  // it was woken inside the transaction too, and may have looked before the commit
    return job;
  }

  Result<Job> submit(Transaction& transaction, const CallContext& context, std::string_view kind, json::object input) override {
    if (!kinds_.contains(kind)) return fail(ErrorCode::invalid_argument, "unknown_job_kind", str("There is no job kind '", kind, "'"));
    if (context.caller.team_id.empty()) return fail(ErrorCode::invalid_argument, "team_required", "A job needs a team");
    if (json::serialize(input).size() > kJobInputBytesMax)
      return fail(ErrorCode::payload_too_large, str("A job's input holds at most ", format_bytes(kJobInputBytesMax)));
    if (TRY(count_waiting_jobs(transaction, context.team())) >= kQueuedJobsPerTeamMax) {
      return fail(Error{.code = ErrorCode::resource_exhausted,
                        .message = str("The team has ", kQueuedJobsPerTeamMax, " jobs waiting already: try again later"),
                        .reason = "too_many_jobs",
                        .retry_after = std::chrono::seconds(30)});
    }
    JobRow row;
    row.id = JobId::make();
    row.team_id = context.caller.team_id;
    row.kind = std::string(kind);
    row.created_at = clock_->now();
    row.user_id = user_of(context.caller.user_id);
    row.input = std::move(input);
    TRY(insert_row(transaction, "jobs", row));
    wake();
    return static_cast<const Job&>(row);
  }

  Result<std::optional<Job>> find(Transaction& transaction, const CallContext& context, const JobId& id) override {
    return find_job(transaction, context.team(), id);
  }

  Result<Job> get(const CallContext& context, const JobId& id) override {
    return read_value<Job>(*database_, context, [&](Transaction& transaction) -> Result<Job> {
      auto job = TRY(find_job(transaction, context.team(), id));
      if (!job) return no_such_job();
      return std::move(*job);
    });
  }

  Result<Job> cancel(const CallContext& context, const JobId& id) override {
    TRY(get(context, id));
    TRY(database_->transact(context,
                            [&](Transaction& transaction) { return request_cancel(transaction, context.team(), id, clock_->now()); }));
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = running_.find(id.value()); found != running_.end()) {
        found->second.cancelled = true;
        found->second.stop.request_stop();
      }
    }
    return get(context, id);
  }

 private:
  struct Running {
    std::stop_source stop;
    bool cancelled = false;
  };

  // Writes at most every kJobProgressEvery, so that a job of many small steps does not wear the disk.
  class Progress final : public JobProgress {
   public:
    Progress(JobServiceOnThreads& service, JobRow& row, const CallContext& context) : service_(service), row_(row), context_(context) {}

    Result<> report(double progress, json::object detail) override {
      TRY(context_.check());
      const std::lock_guard lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      row_.progress = std::clamp(progress, 0.0, 1.0);
      row_.detail = std::move(detail);
      if (now - written_at_ < kJobProgressEvery) return {};
      written_at_ = now;
      if (json::serialize(row_.detail).size() > kJobDetailBytesMax) row_.detail = {};
      bool cancelled = false;
      TRY(service_.database_->transact({}, [&](Transaction& transaction) -> Result<> {
        cancelled = TRY(is_cancel_requested(transaction, row_.id));
        return save_progress(transaction, row_.id, service_.owner_, row_.progress, row_.detail);
      }));
      if (cancelled) return fail(ErrorCode::cancelled, "The job was cancelled");
      return {};
    }

   private:
    JobServiceOnThreads& service_;
    JobRow& row_;
    const CallContext& context_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point written_at_;
  };

  void wake() {
    {
      const std::lock_guard lock(mutex_);
      ++submitted_;
    }
    wake_.notify_one();
  }

  void work(const std::stop_token& stop) {
    run_rounds(stop, "worker of jobs", [&] {
      std::uint64_t seen = 0;
      {
        const std::lock_guard lock(mutex_);
        seen = submitted_;
      }
      const auto next = transact_value<std::optional<JobRow>>(*database_, {}, [&](Transaction& transaction) {
        return lease_next_job(transaction, owner_, clock_->now(), clock_->now() + kJobLease);
      });
      if (!next) log_warning("job_queue_unreadable", {{"error", next.error().message}, {"detail", next.error().detail}});
      if (next && *next) {
        run(std::move(**next), stop);
        return !stop.stop_requested();
      }
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kJobLease, [&] { return submitted_ != seen; });
      return !stop.stop_requested();
    });
  }

  void run(JobRow row, const std::stop_token& shutdown) {
    const auto kind = kinds_.find(row.kind);
    if (kind == kinds_.end()) return finish(row, JobStatus::failed, str("This build does not know the job kind '", row.kind, "'"));
    if (row.attempts > kind->second.attempts_max) {
      return finish(
          row, JobStatus::failed,
          str("The server stopped while it ran this job, ", row.attempts - 1, row.attempts == 2 ? " time" : " times", ": start it again"));
    }
    if (row.cancel_requested) return finish(row, JobStatus::cancelled, "The job was cancelled");
    std::stop_source stop;
    {
      const std::lock_guard lock(mutex_);
      stop = running_[row.id.value()].stop;
    }
    bool cancelled = false;
    const auto forget = [&] {
      const std::lock_guard lock(mutex_);
      const auto found = running_.find(row.id.value());
      if (found == running_.end()) return;
      cancelled = found->second.cancelled;
      running_.erase(found);
    };
    const AtEnd forget_at_end(forget);  // whatever is thrown below: what is not finished is leased again when its lease has run out
    const std::stop_callback on_shutdown(shutdown, [&] { stop.request_stop(); });
    CallContext context{
        .caller = {.user_id = row.user_id, .team_id = row.team_id, .role = Role::editor, .credential_id = str("job:", row.id.value())},
        .correlation_id = row.id.value(),
        .stop = stop.get_token()};
    context = context.with_timeout(kJobTimeMax);
    context.work_class = WorkClass::background;
    const Job job = row;
    Progress progress(*this, row, context);
    const auto outcome = run_guarded(kind->second, context, job, row.input, progress);
    forget();
    if (outcome) {
      row.progress = 1;
      row.detail = *outcome;
      return finish(row, JobStatus::completed, {});
    }
    if (outcome.error().code == ErrorCode::cancelled) {
      if (!shutdown.stop_requested() || cancelled) return finish(row, JobStatus::cancelled, "The job was cancelled");
      // Cut off by an orderly stop: the next start goes on with it, and the attempt does not count.
      row.attempts -= 1;
      (void)database_->transact({}, [&](Transaction& transaction) -> Result<> {
        TRY(transaction.execute("UPDATE jobs SET attempts = :p2 WHERE id = :p1",
                                {row.id.value(), static_cast<std::int64_t>(row.attempts)}));
        return requeue_job(transaction, row.id, owner_);
      });
      return;
    }
    log_warning(
        "job_failed",
        {{"job", row.id.value()}, {"kind", row.kind}, {"error", describe_error(outcome.error())}, {"detail", outcome.error().detail}});
    finish(row, JobStatus::failed, describe_error(outcome.error()));
  }

  static Result<json::object> run_guarded(const JobKind& kind, const CallContext& context, const Job& job, const json::object& input,
                                          JobProgress& progress) {
    Result<json::object> outcome = guarded([&] { return kind.run(context, job, input, progress); });
    if (!outcome && outcome.error().code == ErrorCode::internal && !outcome.error().detail.empty())
      outcome.error().message = "The job failed because of a defect";
    return outcome;
  }

  void finish(Job& job, JobStatus status, std::string error) {
    job.status = status;
    job.finished_at = clock_->now();
    if (error.size() > kJobErrorBytesMax) error.resize(kJobErrorBytesMax);
    job.error = error.empty() ? std::nullopt : std::optional(std::move(error));
    // Tried again, because who waits for the job would wait for the end of its lease, and the work would be done again.
    Result<> saved;
    for (int attempt = 1; attempt <= kJobFinishAttemptsMax; ++attempt) {
      saved =
          guarded([&] { return database_->transact({}, [&](Transaction& transaction) { return finish_job(transaction, job, owner_); }); });
      if (saved || !is_retryable(saved.error()) || attempt == kJobFinishAttemptsMax) break;
      std::this_thread::sleep_for(kJobFinishPause * attempt);
    }
    if (!saved) log_error("job_not_finished", {{"job", job.id.value()}, {"error", saved.error().message}});
  }

  void renew() {
    std::vector<JobId> running;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [id, job] : running_) running.emplace_back(id);
    }
    if (running.empty()) return;
    const Time until = clock_->now() + kJobLease;
    (void)database_->transact({}, [&](Transaction& transaction) -> Result<> {
      for (const JobId& id : running) TRY(renew_lease(transaction, id, owner_, until));
      return {};
    });
  }

  std::shared_ptr<Database> database_;
  std::shared_ptr<const Clock> clock_;
  JobServiceOptions options_;
  std::map<std::string, JobKind, std::less<>> kinds_;
  const std::string owner_ = make_uuid();
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::uint64_t submitted_ = 0;             // guarded by mutex_
  std::map<std::string, Running> running_;  // guarded by mutex_
  std::unique_ptr<PeriodicTask> renewer_;
  std::vector<std::jthread> threads_;  // last, as is renewer_: they use everything above
};

}  // namespace

std::shared_ptr<JobService> make_job_service(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                                             std::vector<JobKind> kinds, JobServiceOptions options) {
  return std::make_shared<JobServiceOnThreads>(std::move(database), std::move(clock), std::move(kinds), options);
}

}  // namespace bridge
