#include "features/jobs/job_store.h"

#include "platform/metadata_db/row_mapper.h"

namespace bridge {

Result<std::optional<Job>> find_job(Transaction& transaction, const TeamScope& scope, const JobId& id) {
  return read_first<Job>(TRY(transaction.query(str("SELECT ", select_list<Job>(), " FROM jobs WHERE id = :p1 AND team_id = :p2"),
                                               {id.value(), scope.team_id().value()})));
}

Result<std::int64_t> count_waiting_jobs(Transaction& transaction, const TeamScope& scope) {
  return read_count(TRY(
      transaction.query("SELECT COUNT(*) FROM jobs WHERE team_id = :p1 AND status IN ('queued', 'running')", {scope.team_id().value()})));
}

Result<bool> is_cancel_requested(Transaction& transaction, const JobId& id) {
  const auto rows = TRY(transaction.query("SELECT cancel_requested FROM jobs WHERE id = :p1", {id.value()}));
  return rows.empty() || TRY(read_count(rows)) != 0;  // a job whose team is gone has nobody to finish for
}

Result<> request_cancel(Transaction& transaction, const TeamScope& scope, const JobId& id, Time now) {
  TRY(transaction.execute("UPDATE jobs SET status = 'cancelled', finished_at = :p3 WHERE id = :p1 AND team_id = :p2 AND status = 'queued'",
                          {id.value(), scope.team_id().value(), db_time(now)}));
  TRY(transaction.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = :p1 AND team_id = :p2 AND status = 'running'",
                          {id.value(), scope.team_id().value()}));
  return {};
}

Result<std::optional<JobRow>> lease_next_job(Transaction& transaction, std::string_view owner, Time now, Time until) {
  auto row = TRY(read_first<JobRow>(TRY(transaction.query(
      str("SELECT ", select_list<JobRow>(),
          " FROM jobs WHERE status = 'queued' OR (status = 'running' AND leased_until <= :p1) ORDER BY created_at, id LIMIT 1"),
      {db_time(now)}))));
  if (!row) return row;
  row->status = JobStatus::running;
  row->attempts += 1;
  row->lease_owner = std::string(owner);
  row->leased_until = until;
  if (!row->started_at) row->started_at = now;
  TRY(update_row(transaction, "jobs", *row));
  return row;
}

Result<> renew_lease(Transaction& transaction, const JobId& id, std::string_view owner, Time until) {
  TRY(transaction.execute("UPDATE jobs SET leased_until = :p3 WHERE id = :p1 AND lease_owner = :p2 AND status = 'running'",
                          {id.value(), db_text(owner), db_time(until)}));
  return {};
}

Result<> end_leases_of_others(Transaction& transaction, std::string_view owner, Time now) {
  TRY(transaction.execute("UPDATE jobs SET leased_until = :p2 WHERE status = 'running' AND lease_owner <> :p1",
                          {db_text(owner), db_time(now)}));
  return {};
}

Result<> save_progress(Transaction& transaction, const JobId& id, std::string_view owner, double progress, const json::object& detail) {
  TRY(transaction.execute("UPDATE jobs SET progress = :p3, detail = :p4 WHERE id = :p1 AND lease_owner = :p2 AND status = 'running'",
                          {id.value(), db_text(owner), progress, json::serialize(detail)}));
  return {};
}

Result<> requeue_job(Transaction& transaction, const JobId& id, std::string_view owner) {
  TRY(
      transaction.execute("UPDATE jobs SET status = 'queued', lease_owner = NULL, leased_until = NULL WHERE id = :p1 AND lease_owner = :p2 "
                          "AND status = 'running'",
                          {id.value(), db_text(owner)}));
  return {};
}

Result<> finish_job(Transaction& transaction, const Job& job, std::string_view owner) {
  TRY(
      transaction.execute("UPDATE jobs SET status = :p3, progress = :p4, detail = :p5, error = :p6, finished_at = :p7, lease_owner = NULL, "
                          "leased_until = NULL WHERE id = :p1 AND lease_owner = :p2",
                          {job.id.value(), db_text(owner), db_text(enum_name(job.status)), job.progress, json::serialize(job.detail),
                           job.error ? DbValue(*job.error) : DbValue(nullptr), db_time(job.finished_at.value_or(Time{}))}));
  return {};
}

}  // namespace bridge
