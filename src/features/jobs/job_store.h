#pragma once

#include <optional>
#include <vector>

#include "features/jobs/job.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// What the table knows of a job beyond what its readers see.
struct JobRow : Job {
  UserId user_id;
  json::object input;
  std::optional<std::string> lease_owner;
  std::optional<Time> leased_until;
  bool cancel_requested = false;
};
BOOST_DESCRIBE_STRUCT(JobRow, (Job), (user_id, input, lease_owner, leased_until, cancel_requested))

Result<std::optional<Job>> find_job(Transaction& transaction, const TeamScope& scope, const JobId& id);
Result<std::int64_t> count_waiting_jobs(Transaction& transaction, const TeamScope& scope);
Result<bool> is_cancel_requested(Transaction& transaction, const JobId& id);
// queued → cancelled at once; running → asked to stop.
Result<> request_cancel(Transaction& transaction, const TeamScope& scope, const JobId& id, Time now);

// Leases the job that waits longest to `owner`: a queued one, or a running one whose lease is over.
Result<std::optional<JobRow>> lease_next_job(Transaction& transaction, std::string_view owner, Time now, Time until);
Result<> renew_lease(Transaction& transaction, const JobId& id, std::string_view owner, Time until);
Result<> end_leases_of_others(Transaction& transaction, std::string_view owner, Time now);
Result<> save_progress(Transaction& transaction, const JobId& id, std::string_view owner, double progress, const json::object& detail);
Result<> requeue_job(Transaction& transaction, const JobId& id, std::string_view owner);
Result<> finish_job(Transaction& transaction, const Job& job, std::string_view owner);

}  // namespace bridge
