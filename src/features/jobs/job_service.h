#pragma once

#include <memory>
#include <vector>

#include "features/jobs/job.h"
#include "platform/metadata_db/database.h"

namespace bridge {

struct JobServiceOptions {
  int workers = 2;
  // A job that was running when its process died is picked up at once when nobody else can be running it (one process a database), and
  // after its lease otherwise.
  bool sole_process = true;
};

// Runs jobs on threads of its own. Jobs are rows: a restart goes on with those that wait or were cut off. Thread-safe.
class JobService {
 public:
  virtual ~JobService() = default;

  // Begins to run jobs; those of a process that died come first. Submitting works before.
  virtual Result<> start() = 0;
  // Stops taking jobs, asks running ones to stop and puts them back into the queue. Safe to call twice.
  virtual void stop() = 0;

  // For the context's team. invalid_argument for an unknown kind, resource_exhausted when the team has too many waiting.
  virtual Result<Job> submit(const CallContext& context, std::string_view kind, json::object input) = 0;
  // The same in the caller's transaction, so that what the job is about and the job itself appear together. It runs once that is committed.
  virtual Result<Job> submit(Transaction& transaction, const CallContext& context, std::string_view kind, json::object input) = 0;
  // In the caller's transaction; nothing when the team has no such job.
  virtual Result<std::optional<Job>> find(Transaction& transaction, const CallContext& context, const JobId& id) = 0;
  virtual Result<Job> get(const CallContext& context, const JobId& id) = 0;
  // Not an error if it is over already.
  virtual Result<Job> cancel(const CallContext& context, const JobId& id) = 0;
};

std::shared_ptr<JobService> make_job_service(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                                             std::vector<JobKind> kinds, JobServiceOptions options = {});

}  // namespace bridge
