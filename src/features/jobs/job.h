#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/call_context.h"
#include "base/json.h"

namespace bridge {

using JobId = Id<struct JobTag>;

enum class JobStatus : std::uint8_t { queued, running, completed, failed, cancelled };
BOOST_DESCRIBE_ENUM(JobStatus, queued, running, completed, failed, cancelled)

// Long work of a team, kept in the directory so that it survives the process that runs it.
struct Job {
  JobId id;
  TeamId team_id;
  std::string kind;  // "catalog_scan"
  JobStatus status = JobStatus::queued;
  double progress = 0;  // 0 to 1
  json::object detail;  // what the kind says of its progress, and in the end of its result
  std::optional<std::string> error;
  int attempts = 0;
  Time created_at;
  std::optional<Time> started_at;
  std::optional<Time> finished_at;
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, team_id, kind, status, progress, detail, error, attempts, created_at, started_at, finished_at))

// How a running job says how far it is. Thread-safe.
class JobProgress {
 public:
  virtual ~JobProgress() = default;
  // Fails with cancelled when the job is to stop. Cheap to call often: it is written a few times a second at most.
  virtual Result<> report(double progress, json::object detail) = 0;
};

// A kind of job. `run` may be started again after a crash, with the same input, until `attempts_max`: it finishes what it finds half done.
// The context carries the team and user who submitted the job, its time limit, and a stop token that fires on cancel and shutdown.
struct JobKind {
  std::string name;
  std::function<Result<json::object>(const CallContext& context, const Job& job, const json::object& input, JobProgress& progress)> run;
  int attempts_max = 2;
};

}  // namespace bridge
